#include "node/agent.h"

#include <catch2/catch.hpp>
#include <memory>
#include <optional>

#include "net/context.h"
#include "net/reactor.h"
#include "tests/net/relay.h"
#include "tests/net/until.h"
#include "tests/node/running_master.h"

namespace psmith::node {
namespace {

using namespace std::chrono_literals;
using net::until;

constexpr Duration kHeartbeat = 50ms;

// What an agent says to its node is kept.
struct RecordedAgent {
  RecordedAgent(net::Context& context, net::Reactor& reactor,
                std::string master, wire::Role role, Duration timeout = 60s)
      : agent(context, reactor,
              {.role = role,
               .name = "",
               .master = std::move(master),
               .addresses = {"inproc://somewhere"},
               .threads = 1,
               .timeout = timeout,
               .progress = nullptr},
              {.on_joined = [this](NodeId) { ++joined; },
               .on_view = [this](const wire::View& v) { view = v; },
               .on_start_job = [this](const wire::JobRecord& r) { job = r; },
               .on_end_job = [this](const wire::EndJob& e) { end = e; },
               .on_silent = [this](bool now) { silent = now; },
               .on_failed = [this](const Failure& f) { failure = f; }}) {
    agent.start();
  }
  int joined = 0;
  bool silent = false;
  wire::View view;
  std::optional<wire::JobRecord> job;
  std::optional<wire::EndJob> end;
  std::optional<Failure> failure;
  Agent agent;
};

wire::Submit submission() {
  wire::Submit submit;
  submit.spec.train.folder = "data";
  submit.spec.train.shards = {0};
  submit.spec.train.shape = {.shard_rows = {100}, .block_rows = 10};
  submit.token = 1;
  return submit;
}

TEST_CASE("agents join, see each other and carry a job to its end", "[node]") {
  const std::string listen =
      GENERATE("tcp://127.0.0.1:0", "inproc://agent-test");
  net::Context context;
  net::Reactor reactor;
  const RunningMaster running(context, listen, 2s);  // nobody is to expire
  const auto address = running.master.endpoint();
  RecordedAgent server(context, reactor, address, wire::Role::server);
  RecordedAgent worker(context, reactor, address, wire::Role::worker);
  REQUIRE(until(reactor, [&] {
    return server.view.nodes.size() == 2 && worker.view.nodes.size() == 2;
  }));
  REQUIRE(server.agent.node() != worker.agent.node());

  worker.agent.send(submission());
  REQUIRE(until(reactor, [&] { return server.job.has_value(); }));
  const auto job = server.job->job;
  server.agent.post(wire::StartJobOk{.node = {}, .job = job, .recovery = 0});
  REQUIRE(until(reactor, [&] { return worker.job.has_value(); }));
  worker.agent.send(wire::StartJobOk{.node = {}, .job = job, .recovery = 0});
  wire::LaneDone done;
  done.job = job;
  done.lane = server.job->lanes.at(0).lane;
  server.agent.send(done);
  REQUIRE(until(reactor, [&] { return server.end && worker.end; }));
  REQUIRE(server.end->keep);

  worker.agent.leave();
  REQUIRE(until(reactor, [&] { return server.view.nodes.size() == 1; }));
  REQUIRE(server.joined == 1);
  REQUIRE_FALSE(server.failure.has_value());
}

TEST_CASE("an agent outlives its master and joins the next one", "[node]") {
  net::Context context;
  net::Reactor reactor;
  auto first =
      std::make_unique<RunningMaster>(context, "tcp://127.0.0.1:0", kHeartbeat);
  const auto address = first->master.endpoint();
  RecordedAgent worker(context, reactor, address, wire::Role::worker);
  REQUIRE(until(reactor, [&] { return worker.view.nodes.size() == 1; }));
  first.reset();
  REQUIRE(until(reactor, [&] { return worker.silent; }));
  const RunningMaster second(context, address, kHeartbeat);
  REQUIRE(until(reactor, [&] { return worker.joined == 2; }));
  REQUIRE_FALSE(worker.silent);
}

TEST_CASE("an agent gets through to its master after its connection was cut",
          "[node]") {
  net::Context context;
  net::Reactor reactor;
  const RunningMaster running(context, "tcp://127.0.0.1:0", kHeartbeat);
  net::Relay relay(running.master.endpoint());
  RecordedAgent worker(context, reactor, relay.endpoint(), wire::Role::worker);
  REQUIRE(until(reactor, [&] { return worker.view.nodes.size() == 1; }));
  REQUIRE(relay.accepted() == 1);
  relay.deafen();
  REQUIRE(until(reactor, [&] { return worker.silent; }));
  REQUIRE(until(reactor, [&] { return !worker.silent; }));
  REQUIRE(relay.accepted() > 1);
}

TEST_CASE("an agent without a master says so", "[node]") {
  net::Context context;
  net::Reactor reactor;
  std::string address;
  {
    const RunningMaster gone(context, "tcp://127.0.0.1:0", kHeartbeat);
    address = gone.master.endpoint();
  }
  RecordedAgent worker(context, reactor, address, wire::Role::worker, 100ms);
  REQUIRE(until(reactor, [&] { return worker.failure.has_value(); }));
  REQUIRE(worker.failure->status == 69);
  const std::string text = worker.failure->what();
  REQUIRE(text.starts_with("cannot reach master " + address +
                           " within 0 s (refused)\nhint: "));
}

TEST_CASE("an agent may be destroyed by its own callback", "[node]") {
  net::Context context;
  net::Reactor reactor;
  const RunningMaster running(context, "inproc://agent-gone", kHeartbeat);
  std::unique_ptr<Agent> agent;
  bool joined = false;
  agent = std::make_unique<Agent>(context, reactor,
                                  AgentOptions{.role = wire::Role::worker,
                                               .name = "",
                                               .master = "inproc://agent-gone",
                                               .addresses = {},
                                               .threads = 1,
                                               .timeout = 60s,
                                               .progress = nullptr},
                                  AgentCallbacks{.on_joined =
                                                     [&](NodeId) {
                                                       joined = true;
                                                       agent.reset();
                                                     },
                                                 .on_view = {},
                                                 .on_start_job = {},
                                                 .on_end_job = {},
                                                 .on_silent = {},
                                                 .on_failed = {}});
  agent->start();
  REQUIRE(until(reactor, [&] { return joined; }));
  reactor.turn(0s);
}

TEST_CASE("a malformed address of the master is a usage error", "[node]") {
  net::Context context;
  net::Reactor reactor;
  REQUIRE_THROWS_AS(
      RecordedAgent(context, reactor, "nonsense", wire::Role::worker), Failure);
}

}  // namespace
}  // namespace psmith::node
