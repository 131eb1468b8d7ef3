// A master that is started anew from its journal: sched/runner_restore.cc.
#include <catch2/catch.hpp>

#include "tests/sched/journalled.h"

namespace psmith::sched::test {
namespace {

// A job that runs on server 1 (2 lanes) and worker 2.
struct Restarted : Journalled {
  Restarted() {
    server_node = server(1, 2);
    worker_node = worker(2);
    job = submit(spec(), 77);
    ready(1);
    ready(2);
    REQUIRE(info(job).state == wire::JobState::running);
  }
  // The same process at its new connection.
  NodeId back(std::uint64_t peer, std::uint64_t incarnation, wire::Role role) {
    say(peer, join_of(role, incarnation, role == wire::Role::server ? 2 : 1));
    const auto node = last<wire::JoinOk>(peer)->node;
    beating[peer] = node;
    return node;
  }
  void all_back() {
    REQUIRE(back(11, 1, wire::Role::server) == server_node);
    REQUIRE(back(12, 2, wire::Role::worker) == worker_node);
  }

  NodeId server_node, worker_node;
  JobId job;
};

TEST_CASE("a running job goes on when its master is started anew", "[sched]") {
  Restarted world;
  const auto view = world.coordinator->members().view_number();
  const auto lanes = world.info(world.job).lanes.size();
  world.restart();
  REQUIRE(world.last<wire::StartJob>(1) == nullptr);
  world.all_back();
  const auto info = world.info(world.job);
  REQUIRE(info.state == wire::JobState::running);
  REQUIRE(info.recovery == 0);
  REQUIRE(info.lanes.size() == lanes);
  REQUIRE(world.coordinator->members().view_number() == view);
  // They are told of it once more, in case the old master did not.
  REQUIRE(world.last<wire::StartJob>(12)->record.spec.train.folder == "data");
  world.ready(11);
  world.ready(12);
  world.pass(20s);
  REQUIRE(world.info(world.job).state == wire::JobState::running);
  world.say(11, world.done(world.job, 1));
  world.say(11, world.done(world.job, 2));
  REQUIRE(world.info(world.job).state == wire::JobState::done);
  REQUIRE(world.info(world.job).live);
}

TEST_CASE("a submission that is sent again after a restart is the same job",
          "[sched]") {
  Restarted world;
  world.restart();
  REQUIRE(world.submit(spec(), 77) == world.job);
  REQUIRE(world.submit(spec(), 78) != world.job);
}

TEST_CASE("a server that does not come back is lost", "[sched]") {
  Restarted world;
  world.restart();
  REQUIRE(world.back(12, 2, wire::Role::worker) == world.worker_node);
  world.pass(4s);
  REQUIRE(world.info(world.job).recovery == 0);
  world.pass(2s);
  REQUIRE(world.info(world.job).recovery == 1);
  REQUIRE(world.info(world.job).state == wire::JobState::paused);
  const auto newcomer = world.server(13, 2);
  REQUIRE(newcomer != world.server_node);
  REQUIRE(world.last<wire::StartJob>(13)->record.recovery == 1);
}

TEST_CASE("a job that was starting is started by the new master", "[sched]") {
  Journalled world;
  world.server(1);
  world.worker(2);
  const auto job = world.submit(spec());
  REQUIRE(world.info(job).state == wire::JobState::starting);
  world.restart();
  world.say(11, join_of(wire::Role::server, 1));
  world.beating[11] = world.last<wire::JoinOk>(11)->node;
  world.say(12, join_of(wire::Role::worker, 2));
  world.beating[12] = world.last<wire::JoinOk>(12)->node;
  world.ready(11);
  REQUIRE(world.info(job).state == wire::JobState::running);
}

TEST_CASE("what ended just before is said to the nodes that return",
          "[sched]") {
  Restarted world;
  const auto over = world.job;
  world.say(1, world.done(over, 1));
  world.say(1, world.done(over, 2));
  REQUIRE(world.info(over).state == wire::JobState::done);
  world.restart();
  REQUIRE(world.info(over).live);
  REQUIRE(world.info(over).last.loss_mean == 0.25);
  world.all_back();
  REQUIRE(world.last<wire::EndJob>(11)->keep);
  REQUIRE_FALSE(world.last<wire::EndJob>(12)->keep);
}

TEST_CASE("what ended long ago is not said again", "[sched]") {
  Restarted world;
  world.say(100, wire::Cancel{world.job});
  world.now += 2min;
  world.server(5);
  world.restart();
  world.all_back();
  REQUIRE(world.last<wire::EndJob>(11) == nullptr);
}

TEST_CASE("events go on where they were, without the plain ones", "[sched]") {
  Restarted world;
  const auto kinds = world.kinds();
  wire::Progress progress;
  progress.job = world.job;
  world.say(1, progress);
  const auto last = world.coordinator->log().last_seq();
  world.restart();
  auto after = world.kinds();
  REQUIRE(after.size() == kinds.size() + 1);
  REQUIRE(after.back() == "master_started");
  after.pop_back();
  REQUIRE(after == kinds);
  REQUIRE(world.coordinator->log().last_seq() > last);
  REQUIRE(world.text("master_started") == "1 server, 1 worker");
}

TEST_CASE("a node that was in another cluster meanwhile is a new one",
          "[sched]") {
  Restarted world;
  world.restart();
  auto join = join_of(wire::Role::server, 1, 2);
  join.master = 4711;
  world.say(11, join);
  REQUIRE(world.last<wire::JoinOk>(11)->node != world.server_node);
  REQUIRE(world.info(world.job).recovery == 1);
}

TEST_CASE("a journal that is older than what a node was told is another one",
          "[sched]") {
  Restarted world;
  world.say(100, wire::Jobs{});
  const auto incarnation = world.last<wire::JobsOk>(100)->incarnation;
  world.commit();
  const auto old = world.journal;
  const auto newer = world.submit(spec());
  world.commit();
  world.say(1, wire::Heartbeat{.node = world.server_node});
  const auto told = world.last<wire::HeartbeatOk>(1)->commit;
  const auto start = world.last<wire::JoinOk>(1)->start;
  world.coordinator.reset();
  world.journal = old;
  world.restart();
  REQUIRE(world.info(world.job).job == world.job);
  auto join = join_of(wire::Role::server, 1, 2);
  join.master = incarnation;
  join.start = start;
  join.commit = told;
  world.say(11, join);
  const auto* ok = world.last<wire::JoinOk>(11);
  REQUIRE(ok->incarnation != incarnation);
  REQUIRE(world.text("journal_is_older").find("which is not in this journal") !=
          std::string::npos);
  REQUIRE(world.info(world.job).recovery == 1);
  REQUIRE(world.submit(spec("other")) == newer);  // so it must be another one
}

TEST_CASE("nodes of another build wait for those of the journal to be gone",
          "[sched]") {
  Restarted world;
  world.restart();
  auto join = join_of(wire::Role::server, 21);
  join.fingerprint = "another build";
  world.say(21, join);
  REQUIRE(world.last<wire::Refused>(21)->code == "busy");
  world.pass(6s);
  world.say(21, join);
  REQUIRE(world.last<wire::JoinOk>(21) != nullptr);
}

TEST_CASE("a model that was dropped long after its job leaves its servers",
          "[sched]") {
  Restarted world;
  world.say(1, world.done(world.job, 1));
  world.say(1, world.done(world.job, 2));
  world.now += 10min;
  world.say(100, wire::Drop{world.job});
  world.restart();
  world.all_back();
  REQUIRE_FALSE(world.last<wire::EndJob>(11)->keep);
}

TEST_CASE("a job that no journal could keep is refused", "[sched]") {
  Journalled world;
  auto large = spec();
  large.model_header.assign(16 << 20, 'x');
  large.train.folder.assign(3 << 20, 'x');
  world.say(100, wire::Submit{std::move(large), 5});
  const auto* no = world.last<wire::Refused>(100);
  REQUIRE(no != nullptr);
  REQUIRE(no->code == "invalid");
}

TEST_CASE("the incarnation is that of the journal", "[sched]") {
  Journalled world;
  world.say(100, wire::Jobs{});
  const auto first = world.last<wire::JobsOk>(100)->incarnation;
  world.restart();
  world.say(100, wire::Jobs{});
  REQUIRE(world.last<wire::JobsOk>(100)->incarnation == first);
}

}  // namespace
}  // namespace psmith::sched::test
