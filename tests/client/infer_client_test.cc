#include "client/infer_client.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "base/format.h"
#include "net/context.h"
#include "net/reactor.h"
#include "net/socket.h"
#include "wire/limits.h"

using namespace psmith;
using namespace psmith::client;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kFileBytes = 3'000'000;

ModelFile model_file() {
  return {.digest = "d",
          .bytes = Blob::of(std::vector<std::byte>(kFileBytes)),
          .output_count = 1};
}

// A worker on the test's own reactor: doubles each x; mute, it only listens.
struct FakeWorker {
  FakeWorker(net::Reactor& reactor, net::Context& context,
             const std::string& name)
      : router(reactor, context,
               [this](PeerId peer, wire::Message m) { on(peer, m); }),
        address(router.bind("inproc://" + name).value(70)) {}

  void on(PeerId peer, const wire::Message& m) {
    if (mute) return;
    if (const auto* load = std::get_if<wire::LoadModel>(&m.body)) {
      if (load->offset == received) received += m.blobs.at(0).size();
      router.send(peer, {.body = wire::LoadModelOk{.digest = load->digest,
                                                   .received = received},
                         .blobs = {}});
    } else if (const auto* predict = std::get_if<wire::Predict>(&m.body)) {
      ++predicts;
      auto x = m.blobs.at(0).values<float>();
      for (auto& v : x) v *= 2;
      router.send(peer, {.body = wire::PredictOk{.seq = predict->seq},
                         .blobs = {Blob::of(std::move(x))}});
    }
  }

  bool mute = false;
  std::uint64_t received = 0;
  int predicts = 0;
  net::RouterSocket router;
  std::string address;
};

// A master that shows the workers it is told of.
struct FakeMaster {
  FakeMaster(net::Reactor& reactor, net::Context& context)
      : router(reactor, context,
               [this](PeerId peer, const wire::Message& m) {
                 if (!std::holds_alternative<wire::Nodes>(m.body)) return;
                 router.send(peer, {.body = nodes, .blobs = {}});
               }),
        address(router.bind("inproc://master").value(70)) {}

  void show(std::uint64_t node, const std::string& worker) {
    wire::NodeInfo info;
    info.node = NodeId(node);
    info.role = wire::Role::worker;
    info.addresses = {worker};
    nodes.view.nodes.push_back(info);
  }

  wire::NodesOk nodes;
  net::RouterSocket router;
  std::string address;
};

struct Client {
  Client(net::Reactor& reactor, net::Context& context,
         InferClientOptions options)
      : reactor(reactor),
        client(context, reactor, std::move(options), model_file(),
               {.on_answer =
                    [this](const InferCore::Answer& a) {
                      for (const auto v : a.raw.values<float>()) {
                        out.push_back(v);
                      }
                    },
                .on_failed = [this](const Failure& f) { failure = f; }}) {
    client.start();
  }

  void submit(float x) {
    wire::Predict request;
    request.row_count = 1;
    request.column_count = 1;
    client.submit(request, {Blob::of(std::vector<float>{x})});
  }

  // Turns until `count` answers are there, or it failed; a bound on time.
  void wait_for(std::size_t count) {
    const auto until = reactor.now() + 20s;
    while (out.size() < count && !failure && reactor.now() < until) {
      reactor.turn(100ms);
    }
  }

  net::Reactor& reactor;
  std::vector<float> out;
  std::optional<Failure> failure;
  InferClient client;
};

InferClientOptions fast(InferClientOptions options) {
  options.settings.failover.silence = 200ms;
  options.heartbeat = 20ms;
  return options;
}

}  // namespace

TEST_CASE("workers at fixed addresses get the model, then batches",
          "[client]") {
  net::Context context;
  net::Reactor reactor;
  FakeWorker a(reactor, context, "a"), b(reactor, context, "b");
  Client client(
      reactor, context,
      fast({.settings = {}, .master = "", .workers = {a.address, b.address}}));
  for (int i = 0; i < 20; ++i) client.submit(static_cast<float>(i));
  client.wait_for(20);
  REQUIRE(client.out.size() == 20);
  for (std::size_t i = 0; i < 20; ++i) {
    REQUIRE(client.out[i] == 2 * static_cast<float>(i));
  }
  REQUIRE(a.received == kFileBytes);
  REQUIRE(client.client.idle());
}

TEST_CASE("a worker that stops answering is replaced", "[client]") {
  net::Context context;
  net::Reactor reactor;
  FakeWorker a(reactor, context, "a"), b(reactor, context, "b");
  Client client(
      reactor, context,
      fast({.settings = {}, .master = "", .workers = {a.address, b.address}}));
  const auto until = reactor.now() + 20s;
  while (client.client.ready_count() < 2) {
    REQUIRE(reactor.now() < until);
    reactor.turn(100ms);
  }
  a.mute = true;
  for (int i = 0; i < 20; ++i) client.submit(static_cast<float>(i));
  client.wait_for(20);
  REQUIRE(client.out.size() == 20);
  REQUIRE(a.predicts == 0);
}

TEST_CASE("workers are those of the master's view", "[client]") {
  net::Context context;
  net::Reactor reactor;
  FakeMaster master(reactor, context);
  FakeWorker a(reactor, context, "a"), b(reactor, context, "b");
  master.show(1, "no address at all");
  master.show(5, a.address);
  Client client(
      reactor, context,
      fast({.settings = {}, .master = master.address, .workers = {}}));
  client.submit(1);
  client.wait_for(1);
  REQUIRE(client.out == std::vector<float>{2});

  master.nodes.view.nodes.clear();  // a goes, b comes
  master.show(6, b.address);
  a.mute = true;
  client.submit(2);
  client.wait_for(2);
  REQUIRE(client.out == std::vector<float>{2, 4});
  REQUIRE(b.predicts == 1);
}

// A master that starts anew counts nodes from 1 again.
TEST_CASE("a number that another worker has now is another worker",
          "[client]") {
  net::Context context;
  net::Reactor reactor;
  FakeMaster master(reactor, context);
  FakeWorker a(reactor, context, "a"), b(reactor, context, "b");
  master.show(1, a.address);
  Client client(
      reactor, context,
      fast({.settings = {}, .master = master.address, .workers = {}}));
  client.submit(1);
  client.wait_for(1);
  a.mute = true;
  master.nodes.view.nodes.clear();
  master.show(1, b.address);
  client.submit(2);
  client.wait_for(2);
  REQUIRE(client.out == std::vector<float>{2, 4});
  REQUIRE(b.predicts == 1);
  REQUIRE(client.client.worker_count() == 1);
}

TEST_CASE("a batch that no message holds ends the run", "[client]") {
  net::Context context;
  net::Reactor reactor;
  FakeWorker a(reactor, context, "a");
  Client client(reactor, context,
                fast({.settings = {}, .master = "", .workers = {a.address}}));
  wire::Predict request;
  request.row_count = 1;
  const auto byte = std::make_shared<const std::byte>();
  client.client.submit(request,
                       {Blob(byte, {byte.get(), wire::kMessageBytesMax + 1})});
  client.wait_for(1);
  REQUIRE(client.failure);
  REQUIRE(client.failure->status == 65);
}

TEST_CASE("without workers the run fails after the timeout", "[client]") {
  net::Context context;
  net::Reactor reactor;
  auto options = fast({.settings = {}, .master = "", .workers = {}});
  options.settings.failover.timeout = 50ms;
  Client client(reactor, context, options);
  client.submit(1);
  client.wait_for(1);
  REQUIRE(client.failure);
  REQUIRE(client.failure->status == 69);
}
