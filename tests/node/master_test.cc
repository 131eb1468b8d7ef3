#include "node/master.h"

#include <catch2/catch.hpp>

#include "base/result.h"
#include "net/context.h"
#include "net/requester.h"
#include "tests/node/running_master.h"
#include "wire/message.h"
#include "wire/version.h"

namespace psmith::node {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a master answers over tcp and inproc", "[node]") {
  const std::string listen =
      GENERATE("tcp://127.0.0.1:0", "inproc://master-test");
  net::Context context;
  const RunningMaster running(context, listen);
  REQUIRE(running.master.endpoint() != "tcp://127.0.0.1:0");

  net::Requester peer(context, {.address = running.master.endpoint()});
  REQUIRE(peer.connect(5s).ok());
  auto nodes = peer.request({wire::Nodes{}, {}}, 5s);
  REQUIRE(nodes.ok());
  REQUIRE(std::get<wire::NodesOk>(nodes->body).wire_version ==
          wire::kWireVersion);
  auto events = peer.request({wire::Watch{}, {}}, 5s);
  REQUIRE(events.ok());
  const auto& first = std::get<wire::EventsOk>(events->body).events.at(0);
  REQUIRE(first.kind == "master_started");
  REQUIRE(first.text.find(running.master.endpoint()) != std::string::npos);
  REQUIRE(first.time_ms > 1'600'000'000'000);
}

TEST_CASE("each start of a master is another incarnation", "[node]") {
  net::Context context;
  const auto incarnation = [&] {
    const RunningMaster running(context, "tcp://127.0.0.1:0");
    net::Requester peer(context, {.address = running.master.endpoint()});
    REQUIRE(peer.connect(5s).ok());
    auto jobs = peer.request({wire::Jobs{}, {}}, 5s);
    REQUIRE(jobs.ok());
    return std::get<wire::JobsOk>(jobs->body).incarnation;
  };
  REQUIRE(incarnation() != incarnation());
}

TEST_CASE("a master's timer runs: a silent node expires", "[node]") {
  net::Context context;
  const RunningMaster running(context, "inproc://master-timer", 20ms);
  net::Requester node(context, {.address = "inproc://master-timer"});
  net::Requester peer(context, {.address = "inproc://master-timer"});
  REQUIRE(node.connect(5s).ok());
  REQUIRE(peer.connect(5s).ok());
  wire::Join join;
  join.role = wire::Role::worker;
  join.incarnation = 1;
  join.wire_version = wire::kWireVersion;
  REQUIRE(node.request({join, {}}, 5s).ok());

  wire::Watch watch;
  watch.follow = true;
  REQUIRE(peer.send({watch, {}}).ok());
  bool expired = false;
  while (!expired) {
    auto events = peer.receive(5s);
    REQUIRE(events.ok());
    for (const auto& event : std::get<wire::EventsOk>(events->body).events) {
      expired = expired || event.kind == "worker_expired";
    }
  }
}

TEST_CASE("a master says why it cannot listen", "[node]") {
  net::Context context;
  const auto status = [&](const std::string& listen) {
    try {
      const Master master(context, {.listen = listen, .settings = {}});
    } catch (const Failure& failure) {
      return failure.status;
    }
    return 0;
  };
  const RunningMaster running(context, "tcp://127.0.0.1:0");
  REQUIRE(status(running.master.endpoint()) == 73);
  REQUIRE(status("nonsense") == 2);
}

TEST_CASE("a master that was stopped before does not run", "[node]") {
  net::Context context;
  Master master(context, {.listen = "inproc://stopped", .settings = {}});
  net::Requester peer(context, {.address = "inproc://stopped"});
  REQUIRE(peer.connect(5s).ok());
  REQUIRE(peer.send({wire::Nodes{}, {}}).ok());
  master.stop();
  master.run();
  auto answer = peer.receive(0s);
  REQUIRE_FALSE(answer.ok());
  REQUIRE(answer.error().code == Code::timed_out);
}

}  // namespace
}  // namespace psmith::node
