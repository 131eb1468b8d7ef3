#include "node/agent_core.h"

#include <catch2/catch.hpp>

#include "tests/node/hand_driven_agent.h"

namespace psmith::node {
namespace {

using namespace std::chrono_literals;

wire::LaneDone lane_done(std::uint64_t lane, std::uint64_t recovery = 0) {
  wire::LaneDone done;
  done.job = JobId(1);
  done.lane = lane;
  done.recovery = recovery;
  return done;
}

TEST_CASE("an agent joins at once and again until it is answered", "[node]") {
  HandDrivenAgent node;
  REQUIRE(node.sent<wire::Join>().size() == 1);
  node.pass(20s);
  const auto joins = node.sent<wire::Join>();
  REQUIRE(joins.size() > 5);
  REQUIRE(joins.size() < 20);
  REQUIRE(joins.front().incarnation == 77);
  REQUIRE(joins.back().incarnation == 77);
  node.join();
  node.join();
  REQUIRE(node.done<AgentCore::Joined>().size() == 1);
  REQUIRE(node.core->node() == NodeId(5));
  node.all.clear();
  node.pass(5s);
  REQUIRE(node.sent<wire::Join>().empty());
}

TEST_CASE("an agent without a master gives up with the reason", "[node]") {
  HandDrivenAgent node;
  node.pass(59s);
  REQUIRE(node.done<AgentCore::Fail>().empty());
  node.pass(1s);
  const auto fail = node.done<AgentCore::Fail>();
  REQUIRE(fail.size() == 1);
  REQUIRE(fail[0].status == 69);
  REQUIRE(fail[0].text == "cannot reach master tcp://h:7700 within 60 s");
  REQUIRE(node.core->next_deadline() == Instant::max());
  node.join();
  REQUIRE(node.done<AgentCore::Joined>().empty());
}

TEST_CASE("an agent beats with its view and progress", "[node]") {
  HandDrivenAgent node;
  node.join();
  wire::View view;
  view.number = 3;
  node.hear(view);
  view.number = 2;  // late
  node.hear(view);
  REQUIRE(node.done<AgentCore::Viewed>().size() == 1);
  node.pass(3500ms, 42);
  const auto beats = node.sent<wire::Heartbeat>();
  REQUIRE(beats.size() == 4);
  REQUIRE(beats[3].node == NodeId(5));
  REQUIRE(beats[3].view == 3);
  REQUIRE(beats[3].progress == 42);
}

TEST_CASE("an agent that the master does not know begins a new life",
          "[node]") {
  HandDrivenAgent node;
  node.join();
  wire::View view;
  view.number = 30;
  node.hear(view);
  node.keep(node.core->send(node.now, lane_done(1)));
  wire::Refused refused;
  refused.code = "unknown_node";
  node.hear(refused);
  node.hear(refused);
  const auto joins = node.sent<wire::Join>();
  REQUIRE(joins.size() == 2);
  REQUIRE(joins[0].incarnation == joins[1].incarnation);
  node.hear(wire::JoinOk{NodeId(1), 1000, 4});
  REQUIRE(node.done<AgentCore::Joined>().size() == 2);
  REQUIRE(node.core->view().number == 0);

  SECTION("with nothing left to repeat") {
    node.all.clear();
    node.pass(5s);
    REQUIRE(node.sent<wire::LaneDone>().empty());
  }
  SECTION("and takes the views of a master that counts anew") {
    view.number = 1;
    node.hear(view);
    REQUIRE(node.core->view().number == 1);
  }
}

TEST_CASE("an agent that a restarted master remembers lives on", "[node]") {
  HandDrivenAgent node;
  node.join();
  wire::View view;
  view.number = 30;
  node.hear(view);
  node.keep(node.core->send(node.now, lane_done(1)));
  wire::Refused refused;
  refused.code = "unknown_node";
  node.hear(refused);
  REQUIRE(node.core->node() == NodeId(5));
  node.all.clear();
  node.keep(node.core->send(node.now, lane_done(2)));
  REQUIRE(node.sent<wire::LaneDone>().empty());
  node.join();
  REQUIRE(node.done<AgentCore::Joined>().empty());
  REQUIRE(node.core->view().number == 30);
  node.pass(1s);
  REQUIRE(node.sent<wire::LaneDone>().size() == 2);  // also what was said then
}

TEST_CASE("a join tells where the node was, and what it knows", "[node]") {
  HandDrivenAgent node;
  REQUIRE(node.sent<wire::Join>().at(0).master == 0);
  node.hear(wire::JoinOk{NodeId(5), 1000, 4, /*incarnation=*/9, /*start=*/7,
                         /*commit=*/3});
  node.hear(wire::HeartbeatOk{.view = 0, .commit = 8});
  wire::StartJob start;
  start.commit = 6;
  node.hear(start);
  wire::Refused refused;
  refused.code = "unknown_node";
  node.hear(refused);
  REQUIRE(node.sent<wire::Join>().back().master == 9);
  REQUIRE(node.sent<wire::Join>().back().start == 7);
  REQUIRE(node.sent<wire::Join>().back().commit == 8);
}

TEST_CASE("the newest CheckpointDone of a lane is repeated", "[node]") {
  HandDrivenAgent node;
  node.join();
  wire::CheckpointDone done;
  done.job = JobId(1);
  for (done.version = 1; done.version <= 3; ++done.version) {
    node.keep(node.core->send(node.now, done));
  }
  node.all.clear();
  for (int i = 0; i < 21; ++i) {
    node.pass(1s);
    node.hear(wire::HeartbeatOk{});
  }
  const auto again = node.sent<wire::CheckpointDone>();
  REQUIRE(again.size() == 2);
  REQUIRE(again[0].version == 3);
  node.hear(wire::EndJob{JobId(1), true});
  node.all.clear();
  node.pass(20s);
  REQUIRE(node.sent<wire::CheckpointDone>().empty());
}

TEST_CASE("the same number of another master is another life", "[node]") {
  HandDrivenAgent node;
  node.join();
  wire::Refused refused;
  refused.code = "unknown_node";
  node.hear(refused);
  node.hear(wire::JoinOk{NodeId(5), 1000, 4, /*incarnation=*/99});
  REQUIRE(node.done<AgentCore::Joined>().size() == 2);
}

TEST_CASE("another wire version or arithmetic ends the agent", "[node]") {
  HandDrivenAgent node;
  wire::Refused refused;
  refused.code = GENERATE("wire_version", "fingerprint", "invalid");
  refused.text = "because";
  node.hear(refused);
  const auto fail = node.done<AgentCore::Fail>();
  REQUIRE(fail.size() == 1);
  REQUIRE(fail[0].status == 69);
  REQUIRE(fail[0].text == "master tcp://h:7700 refuses this node: because");
}

TEST_CASE("a refusal of one message does not end the agent", "[node]") {
  HandDrivenAgent node;
  node.join();
  wire::Refused refused;
  refused.code = GENERATE("bad_message", "busy", "invalid", "whatever");
  node.hear(refused);
  REQUIRE(node.done<AgentCore::Fail>().empty());
}

TEST_CASE("LaneDone and JobFailed are repeated until EndJob", "[node]") {
  HandDrivenAgent node;
  node.join();
  node.keep(node.core->send(node.now, lane_done(1)));
  node.keep(node.core->send(node.now, lane_done(2)));
  wire::JobFailed failed;
  failed.job = JobId(2);
  node.keep(node.core->send(node.now, failed));
  REQUIRE(node.sent<wire::JobFailed>().at(0).node == NodeId(5));
  for (int i = 0; i < 3; ++i) {
    node.pass(1s);
    node.hear(wire::HeartbeatOk{});
  }
  REQUIRE(node.sent<wire::LaneDone>().size() == 8);
  REQUIRE(node.sent<wire::JobFailed>().size() == 4);
  node.hear(wire::EndJob{JobId(1), true});
  REQUIRE(node.done<wire::EndJob>().at(0).keep);
  node.all.clear();
  node.pass(2s);
  REQUIRE(node.sent<wire::LaneDone>().empty());
  REQUIRE(node.sent<wire::JobFailed>().size() == 2);
}

TEST_CASE("a StartJob of a higher recovery number supersedes reports",
          "[node]") {
  HandDrivenAgent node;
  node.join();
  node.keep(node.core->send(node.now, lane_done(1)));
  wire::StartJob start;
  start.record.job = JobId(1);
  node.hear(start);
  node.pass(1s);
  REQUIRE(node.sent<wire::LaneDone>().size() == 2);
  start.record.recovery = 1;
  node.hear(start);
  node.pass(2s);
  REQUIRE(node.sent<wire::LaneDone>().size() == 2);
  REQUIRE(node.done<wire::StartJob>().size() == 2);
}

TEST_CASE("what is sent without a master is dropped", "[node]") {
  HandDrivenAgent node;
  REQUIRE(node.core->send(node.now, lane_done(1)).empty());
}

TEST_CASE("a silent master is noticed, and given up after the timeout",
          "[node]") {
  HandDrivenAgent node;
  node.join();
  node.pass(4s);
  REQUIRE(node.done<AgentCore::Silent>().empty());
  node.pass(1s);
  REQUIRE(node.done<AgentCore::Silent>().size() == 1);

  SECTION("it may come back") {
    node.hear(wire::HeartbeatOk{});
    REQUIRE(node.done<AgentCore::Heard>().size() == 1);
    node.pass(30s);
    REQUIRE(node.done<AgentCore::Fail>().empty());
  }
  SECTION("or not") {
    node.pass(94s);
    REQUIRE(node.done<AgentCore::Fail>().empty());
    node.pass(1s);
    REQUIRE(node.done<AgentCore::Fail>().at(0).text ==
            "master tcp://h:7700 was silent for 100 s");
  }
}

TEST_CASE("a silent master is called by a new connection, again and again",
          "[node]") {
  HandDrivenAgent node;
  node.join();
  node.pass(4s);
  REQUIRE(node.count(AgentCore::Way::fresh) == 0);
  node.pass(1s);
  REQUIRE(node.count(AgentCore::Way::fresh) == 1);
  node.pass(2s);  // the new one has some time to come about
  REQUIRE(node.count(AgentCore::Way::fresh) == 1);
  node.pass(1s);
  REQUIRE(node.count(AgentCore::Way::fresh) == 2);

  node.hear(wire::HeartbeatOk{});
  node.pass(4s);
  REQUIRE(node.count(AgentCore::Way::fresh) == 2);
  node.pass(1s);
  REQUIRE(node.count(AgentCore::Way::fresh) == 3);
}

TEST_CASE("a node that is connected to itself does not think it the master",
          "[node]") {
  HandDrivenAgent node;
  SECTION("before it joined") {
    for (int i = 0; i < 30; ++i) {
      node.hear(wire::Join{});
      node.pass(1s);
    }
    REQUIRE(node.count(AgentCore::Way::fresh) > 5);
    node.pass(30s);
    REQUIRE(node.done<AgentCore::Fail>().size() == 1);
  }
  SECTION("nor afterwards") {
    node.join();
    for (int i = 0; i < 5; ++i) {
      node.hear(wire::Heartbeat{});
      node.pass(1s);
    }
    REQUIRE(node.done<AgentCore::Silent>().size() == 1);
    REQUIRE(node.count(AgentCore::Way::fresh) == 1);
  }
}

TEST_CASE("who was refused joins by the connection that the refusal came by",
          "[node]") {
  HandDrivenAgent node;
  node.join();
  node.pass(3500ms);
  wire::Refused refused;
  refused.code = "unknown_node";
  node.hear(refused);
  REQUIRE(node.count(AgentCore::Way::fresh) == 0);
  SECTION("and by a new one when there is no answer") {
    node.pass(4s);
    REQUIRE(node.count(AgentCore::Way::fresh) > 0);
  }
}

TEST_CASE("an agent that was stopped gives the master that time back",
          "[node]") {
  HandDrivenAgent node;
  node.join();
  node.pass(2s);
  node.now += 1h;  // SIGSTOP, SIGCONT
  node.keep(node.core->tick(node.now, 0));
  REQUIRE(node.done<AgentCore::Fail>().empty());
  REQUIRE(node.sent<wire::Heartbeat>().size() > 1);
  node.pass(30s);
  REQUIRE(node.done<AgentCore::Fail>().empty());
  node.pass(80s);
  REQUIRE(node.done<AgentCore::Fail>().size() == 1);
}

TEST_CASE("an agent that leaves says so, and nothing more", "[node]") {
  HandDrivenAgent node;
  node.join();
  node.keep(node.core->leave());
  REQUIRE(node.sent<wire::Leave>().at(0).node == NodeId(5));
  node.all.clear();
  node.pass(100s);
  node.hear(wire::HeartbeatOk{});
  REQUIRE(node.all.empty());
  REQUIRE(node.core->send(node.now, lane_done(1)).empty());
}

TEST_CASE("a rhythm that makes no sense is bounded", "[node]") {
  HandDrivenAgent node;
  node.hear(wire::JoinOk{NodeId(5), 0, 0});
  node.pass(1s);
  REQUIRE(node.sent<wire::Heartbeat>().size() <= 101);
}

}  // namespace
}  // namespace psmith::node
