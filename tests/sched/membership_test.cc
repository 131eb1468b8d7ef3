#include "sched/membership.h"

#include <catch2/catch.hpp>

#include "tests/sched/support.h"

namespace psmith::sched {
namespace {

using test::join_of;
using test::World;
using namespace std::chrono_literals;

TEST_CASE("a node that joins gets a number and the cluster's rhythm",
          "[sched]") {
  World world;
  const auto effects = world.say(1, join_of(wire::Role::server, 11, 2));
  const auto* ok = std::get_if<wire::JoinOk>(&effects.at(0).message.body);
  REQUIRE(ok != nullptr);
  REQUIRE(ok->node == NodeId(1));
  REQUIRE(ok->heartbeat_ms == 1000);
  REQUIRE(ok->liveness == 4);
  const auto* view = world.last<wire::View>(1);
  REQUIRE(view != nullptr);
  REQUIRE(view->number == 1);
  REQUIRE(view->nodes.at(0).lanes == std::vector<std::uint64_t>{1, 2});
  REQUIRE(view->nodes.at(0).name == "server-1");
  REQUIRE(world.text("server_joined") ==
          "server-1 joined; 1 server, 0 workers");
}

TEST_CASE("the same incarnation joins once", "[sched]") {
  World world;
  world.say(1, join_of(wire::Role::worker, 11));
  const auto again = world.say(1, join_of(wire::Role::worker, 11));
  REQUIRE(World::count<wire::JoinOk>(again) == 1);
  REQUIRE(world.last<wire::JoinOk>(1)->node == NodeId(1));
  REQUIRE(world.coordinator->members().view_number() == 1);

  SECTION("from a new connection too, which then is where it is reached") {
    world.say(2, join_of(wire::Role::worker, 11));
    REQUIRE(world.last<wire::JoinOk>(2)->node == NodeId(1));
    world.say(1, wire::Heartbeat{.node = NodeId(1), .view = 1, .progress = 0});
    REQUIRE(world.last<wire::Refused>(1)->code == "unknown_node");
  }
}

TEST_CASE("another incarnation on a connection replaces the node there",
          "[sched]") {
  World world;
  world.say(1, join_of(wire::Role::server, 11, 2));
  world.say(1, join_of(wire::Role::server, 12, 1));
  const auto& members = world.coordinator->members();
  REQUIRE(members.count(wire::Role::server) == 1);
  REQUIRE(members.lanes().at(0).lane == 3);
  REQUIRE(world.last<wire::JoinOk>(1)->node == NodeId(2));
}

TEST_CASE("a node of other arithmetic or another wire version is refused",
          "[sched]") {
  World world;
  world.server(1);
  auto join = join_of(wire::Role::worker, 12);
  SECTION("arithmetic") {
    join.fingerprint = "other";
    world.say(2, join);
    REQUIRE(world.last<wire::Refused>(2)->code == "fingerprint");
    SECTION("until the last node of the old one has gone") {
      world.say(1, wire::Leave{NodeId(1)});
      world.say(2, join);
      REQUIRE(world.last<wire::JoinOk>(2) != nullptr);
    }
  }
  SECTION("wire version") {
    join.wire_version = 999;
    world.say(2, join);
    REQUIRE(world.last<wire::Refused>(2)->code == "wire_version");
  }
}

TEST_CASE("a join that makes no sense is refused", "[sched]") {
  World world;
  auto join = join_of(wire::Role::server, 12);
  SECTION("no incarnation") { join.incarnation = 0; }
  SECTION("no lane") { join.addresses.clear(); }
  SECTION("too many lanes") { join.addresses.resize(5000, "inproc://x"); }
  SECTION("an endless address") { join.addresses[0].assign(100000, 'x'); }
  SECTION("no such role") { join.role = static_cast<wire::Role>(77); }
  SECTION("an endless fingerprint") { join.fingerprint.assign(100000, 'x'); }
  world.say(1, join);
  REQUIRE(world.last<wire::Refused>(1)->code == "invalid");
  REQUIRE(world.coordinator->members().empty());
}

TEST_CASE("a client that joins learns the rhythm and is no node", "[sched]") {
  World world;
  world.say(9, join_of(wire::Role::client, 12));
  REQUIRE(world.last<wire::JoinOk>(9)->node == NodeId());
  REQUIRE(world.coordinator->members().empty());
}

TEST_CASE("a silent node expires after four heartbeats", "[sched]") {
  World world;
  world.server(1);
  world.worker(2);
  world.kill(2);
  world.pass(4s);
  REQUIRE(world.coordinator->members().count(wire::Role::worker) == 1);
  world.pass(500ms);
  REQUIRE(world.coordinator->members().count(wire::Role::worker) == 0);
  REQUIRE(world.text("worker_expired") ==
          "worker-2 expired; 1 server, 0 workers");
  REQUIRE(world.last<wire::View>(1)->nodes.size() == 1);

  SECTION("its heartbeat then is refused, so that it joins again") {
    world.say(2, wire::Heartbeat{.node = NodeId(2), .view = 2, .progress = 0});
    REQUIRE(world.last<wire::Refused>(2)->code == "unknown_node");
    world.say(2, join_of(wire::Role::worker, 13));
    REQUIRE(world.last<wire::JoinOk>(2)->node == NodeId(3));
  }
}

TEST_CASE("any message is a sign of life", "[sched]") {
  World world;
  world.worker(2);
  world.kill(2);
  for (int i = 0; i < 10; ++i) {
    world.pass(3s);
    world.say(2, wire::Nodes{});
  }
  REQUIRE(world.coordinator->members().count(wire::Role::worker) == 1);
}

TEST_CASE("a master that was stopped blames nobody", "[sched]") {
  World world;
  world.worker(2);
  world.now += 1h;
  world.tick();
  REQUIRE(world.coordinator->members().count(wire::Role::worker) == 1);
  world.kill(2);
  world.pass(6s);
  REQUIRE(world.coordinator->members().count(wire::Role::worker) == 0);
}

TEST_CASE("a heartbeat with an old view is answered with the new one",
          "[sched]") {
  World world;
  const auto node = world.worker(2);
  world.server(3);
  const auto old =
      world.say(2, wire::Heartbeat{.node = node, .view = 1, .progress = 77});
  REQUIRE(World::count<wire::View>(old, 2) == 1);
  const auto current =
      world.say(2, wire::Heartbeat{.node = node, .view = 2, .progress = 78});
  REQUIRE(World::count<wire::View>(current) == 0);
  REQUIRE(world.coordinator->members().by_node(node)->progress == 78);
}

TEST_CASE("a heartbeat in another node's name is refused", "[sched]") {
  World world;
  world.worker(2);
  world.worker(3);
  world.say(2, wire::Heartbeat{.node = NodeId(2), .view = 2, .progress = 1});
  REQUIRE(world.last<wire::Refused>(2)->code == "unknown_node");
}

TEST_CASE("a node leaves by its own message only", "[sched]") {
  World world;
  world.worker(2);
  world.worker(3);
  world.say(3, wire::Leave{NodeId(1)});
  REQUIRE(world.coordinator->members().count(wire::Role::worker) == 2);
  world.say(2, wire::Leave{NodeId(1)});
  REQUIRE(world.coordinator->members().count(wire::Role::worker) == 1);
  REQUIRE(world.text("worker_left") == "worker-1 left; 0 servers, 1 worker");
}

TEST_CASE("names are cut to one line", "[sched]") {
  World world;
  auto join = join_of(wire::Role::worker, 12);
  join.name = "a\nb" + std::string(1000, 'x');
  world.say(1, join);
  const auto& name = world.last<wire::View>(1)->nodes.at(0).name;
  REQUIRE(name.starts_with("a b"));
  REQUIRE(name.size() == kNameMax);
}

}  // namespace
}  // namespace psmith::sched
