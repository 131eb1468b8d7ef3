#include "node/server.h"

#include <catch2/catch.hpp>
#include <thread>

#include "base/result.h"
#include "net/context.h"
#include "net/reactor.h"
#include "net/socket.h"
#include "tests/net/until.h"

namespace psmith::node {
namespace {

using namespace std::chrono_literals;

TEST_CASE("each lane listens at an address of its own", "[node]") {
  REQUIRE(lane_address("tcp://127.0.0.1:7000", 2) == "tcp://127.0.0.1:7002");
  REQUIRE(lane_address("tcp://127.0.0.1:0", 2) == "tcp://127.0.0.1:0");
  REQUIRE(lane_address("tcp://127.0.0.1:65533", 2) == "tcp://127.0.0.1:65535");
  REQUIRE(lane_address("ipc:///a", 0) == "ipc:///a");
  REQUIRE(lane_address("ipc:///a", 2) == "ipc:///a.2");
  for (const std::size_t lane : {3, 70000}) {
    REQUIRE_THROWS_AS(lane_address("tcp://127.0.0.1:65533", lane), Failure);
  }
}

TEST_CASE("the lanes of a job are those of this node", "[node]") {
  net::Context context;
  net::Reactor reactor;
  std::vector<wire::Body> said;
  PeerId server_peer;
  net::RouterSocket* self = nullptr;
  net::RouterSocket master(
      reactor, context, [&](PeerId from, wire::Message message) {
        server_peer = from;
        if (std::holds_alternative<wire::Join>(message.body)) {
          self->send(from, {wire::JoinOk{.node = NodeId(7),
                                         .heartbeat_ms = 1000,
                                         .liveness = 60},
                            {}});
        }
        said.push_back(std::move(message.body));
      });
  self = &master;
  const auto address = master.bind("inproc://server-master").value(1);
  ServerOptions options;
  options.master = address;
  options.listen = "inproc://server-lane";
  Server server(context, options);
  std::thread thread([&] { server.run(); });

  // Node 9 says that it listens where this server does.
  wire::JobRecord record;
  record.job = JobId(1);
  const auto here = server.addresses().at(0);
  record.lanes = {{.lane = 1, .node = NodeId(9), .address = here},
                  {.lane = 2, .node = NodeId(7), .address = here}};
  record.spec.kind = "import";
  record.spec.model = {
      .kind = model::Kind::linear, .dense = true, .column_count = 2};
  record.spec.train.shape = {.shard_rows = {4}, .block_rows = 1};
  const auto heard = [&](auto kind) {
    using Kind = decltype(kind);
    for (const auto& body : said) {
      if (std::holds_alternative<Kind>(body)) return true;
    }
    return false;
  };
  CHECK(net::until(reactor, [&] { return heard(wire::Heartbeat{}); }));
  master.send(server_peer, {wire::StartJob{record}, {}});
  CHECK(net::until(reactor, [&] { return heard(wire::StartJobOk{}); }));

  // The lane says which it is when the import is over.
  net::DealerSocket client(reactor, context, here, [](wire::Message) {});
  wire::Put last;
  last.job = JobId(1);
  last.last = true;
  client.send({last, {}});
  CHECK(net::until(reactor, [&] { return heard(wire::LaneDone{}); }));
  std::uint64_t lane = 0;
  for (const auto& body : said) {
    const auto* done = std::get_if<wire::LaneDone>(&body);
    if (done != nullptr) lane = done->lane;
  }
  server.stop();
  thread.join();
  REQUIRE(lane == 2);
}

}  // namespace
}  // namespace psmith::node
