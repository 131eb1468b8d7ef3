// How jobs start, wait, start again: runner_start.cc.
#include <catch2/catch.hpp>

#include "sched/runner.h"
#include "tests/sched/support.h"

namespace psmith::sched {
namespace {

using test::has;
using test::Running;
using test::spec;
using test::World;
using wire::JobState;
using namespace std::chrono_literals;

TEST_CASE("a job is placed on all lanes and given to servers first",
          "[sched]") {
  World world;
  world.server(1, 2);
  world.server(2, 1);
  world.worker(3);
  const auto job = world.submit(spec());
  REQUIRE(job == JobId(1));
  const auto& record = world.last<wire::StartJob>(2)->record;
  REQUIRE(record.lanes.size() == 3);
  REQUIRE(record.lanes[0].lane == 1);
  REQUIRE(record.lanes[2].node == NodeId(2));
  REQUIRE(record.recovery == 0);
  REQUIRE(record.placement == 1);
  REQUIRE(world.last<wire::StartJob>(3) == nullptr);
  REQUIRE(world.info(job).state == JobState::starting);

  world.ready(1);
  REQUIRE(world.last<wire::StartJob>(3) == nullptr);
  world.ready(2);
  REQUIRE(world.last<wire::StartJob>(3) != nullptr);
  REQUIRE(world.info(job).state == JobState::running);
  REQUIRE(world.kinds(job) == std::vector<std::string>{
                                  "job_submitted", "job_started", "job_given"});
  REQUIRE(world.text("job_started") ==
          "on 3 lanes of 2 servers, with 1 worker");
}

TEST_CASE("a StartJob that a node does not answer is repeated each second",
          "[sched]") {
  World world;
  world.server(1);
  world.worker(3);
  world.submit(spec());
  world.inbox.clear();
  world.pass(1s);
  REQUIRE(world.last<wire::StartJob>(1) != nullptr);
  world.ready(1);
  world.inbox.clear();
  world.pass(3s);
  REQUIRE(world.last<wire::StartJob>(1) == nullptr);
  REQUIRE(World::count<wire::StartJob>(world.inbox, 3) == 3);
  world.say(3, wire::StartJobOk{NodeId(2), JobId(1), 0});
  world.inbox.clear();
  world.pass(3s);
  REQUIRE(world.last<wire::StartJob>(3) == nullptr);
}

TEST_CASE("a job without servers or workers waits with a deadline", "[sched]") {
  World world;
  const auto job = world.submit(spec());
  REQUIRE(world.text("job_waiting") ==
          "no server and no worker is there; it fails in 60 s");
  world.pass(30s);
  world.server(1);
  REQUIRE(world.text("job_waiting") == "no worker is there; it fails in 30 s");
  REQUIRE(world.info(job).reason == "no worker is there");

  SECTION("starts when they come") {
    world.worker(2);
    world.ready(1);
    REQUIRE(world.info(job).state == JobState::running);
    world.pass(120s);
    REQUIRE(world.info(job).state == JobState::running);
  }
  SECTION("fails when they do not") {
    world.pass(30s);
    REQUIRE(world.info(job).state == JobState::failed);
    REQUIRE(world.info(job).status == 69);
    REQUIRE(world.text("job_failed") == "no worker is there, for 60 s");
  }
}

TEST_CASE("a server that lives and never answers ends the job", "[sched]") {
  World world;
  world.server(1);
  world.worker(2);
  const auto job = world.submit(spec());
  world.pass(60s);
  REQUIRE(world.info(job).state == JobState::failed);
  REQUIRE(world.info(job).reason == "server-1 did not start it within 60 s");
}

TEST_CASE("a worker that joins a running job is given it", "[sched]") {
  Running world;
  world.worker(5);
  const auto* start = world.last<wire::StartJob>(5);
  REQUIRE(start != nullptr);
  REQUIRE(start->record.workers.size() == 3);
  REQUIRE(start->record.recovery == 0);
}

TEST_CASE("a lost worker changes nothing but the view", "[sched]") {
  Running world;
  world.kill(3);
  world.pass(5s);
  REQUIRE(has(world.kinds(), "worker_expired"));
  REQUIRE(world.info(world.job).state == JobState::running);
  REQUIRE(world.info(world.job).recovery == 0);
}

TEST_CASE("a job whose workers are all lost is paused", "[sched]") {
  Running world;
  world.kill(3);
  world.kill(4);
  world.pass(5s);
  REQUIRE(world.info(world.job).state == JobState::paused);
  REQUIRE(world.text("job_paused") == "no worker is left; it fails in 60 s");

  SECTION("until one joins") {
    world.worker(5);
    REQUIRE(world.info(world.job).state == JobState::running);
    REQUIRE(world.last<wire::StartJob>(5)->record.recovery == 0);
    REQUIRE(has(world.kinds(), "job_resumed"));
  }
  SECTION("or its deadline passes") {
    world.pass(61s);
    REQUIRE(world.info(world.job).state == JobState::failed);
    REQUIRE(world.info(world.job).status == 69);
    REQUIRE_FALSE(world.last<wire::EndJob>(1)->keep);
  }
}

TEST_CASE("a job that ends while it has no lanes ends on its servers too",
          "[sched]") {
  Running world;
  for (const std::uint64_t peer : {2, 3, 4}) world.kill(peer);
  world.pass(5s);
  REQUIRE(world.info(world.job).lanes.empty());
  world.say(100, wire::Cancel{world.job});
  REQUIRE(world.last<wire::EndJob>(1) != nullptr);
  REQUIRE_FALSE(world.last<wire::EndJob>(1)->keep);
}

TEST_CASE("workers lost while the servers get ready pause the job", "[sched]") {
  World world;
  world.server(1);
  world.worker(3);
  const auto job = world.submit(spec());
  world.say(3, wire::Leave{NodeId(2)});
  world.ready(1);
  REQUIRE(world.info(job).state == JobState::paused);
  world.worker(4);
  REQUIRE(world.info(job).state == JobState::running);
  REQUIRE(has(world.kinds(), "job_started"));
}

TEST_CASE("a lost server starts its job again from version 0", "[sched]") {
  Running world;
  world.kill(2);
  world.pass(5s);
  REQUIRE(world.text("job_restarted") ==
          "server-2 is gone; starts again from version 0 on 2 lanes");
  const auto& record = world.last<wire::StartJob>(1)->record;
  REQUIRE(record.recovery == 1);
  REQUIRE(record.placement == 2);
  REQUIRE(record.lanes.size() == 2);
  REQUIRE(world.info(world.job).state == JobState::starting);

  SECTION("what belongs to the old recovery number is ignored") {
    world.say(1, wire::StartJobOk{NodeId(1), world.job, 0});
    REQUIRE(world.info(world.job).state == JobState::starting);
    world.say(1, world.done(world.job, 1, 0));
    wire::JobFailed failed;
    failed.job = world.job;
    failed.recovery = 0;
    world.say(1, failed);
    REQUIRE(world.info(world.job).state == JobState::starting);
  }
}

TEST_CASE("after a lost server workers get the new record", "[sched]") {
  Running world;
  world.kill(2);
  world.pass(5s);
  world.ready(1);
  REQUIRE(world.last<wire::StartJob>(3)->record.recovery == 1);
  REQUIRE(world.info(world.job).state == JobState::running);
}

TEST_CASE("a job whose servers are all lost waits for one", "[sched]") {
  Running world;
  world.kill(1);
  world.kill(2);
  world.pass(5s);
  REQUIRE(world.info(world.job).state == JobState::paused);
  REQUIRE(world.info(world.job).reason == "no server is there");
  SECTION("and starts again on it") {
    world.server(5, 4);
    const auto& record = world.last<wire::StartJob>(5)->record;
    REQUIRE(record.recovery >= 1);
    REQUIRE(record.lanes.size() == 4);
  }
  SECTION("or fails") {
    world.pass(61s);
    REQUIRE(world.info(world.job).state == JobState::failed);
    REQUIRE(world.info(world.job).status == 69);
  }
}

TEST_CASE("an import needs no worker and waits for no train job", "[sched]") {
  World world;
  world.server(1, 2);
  world.submit(spec());  // waits for a worker
  auto import = spec("i");
  import.kind = "import";
  import.train = {};
  const auto job = world.submit(import);
  REQUIRE(world.info(job).state == JobState::starting);
  world.ready(1);
  REQUIRE(world.info(job).state == JobState::running);

  SECTION("it is done when every lane has everything") {
    world.say(1, world.done(job, 1));
    world.say(1, world.done(job, 2));
    REQUIRE(world.info(job).live);
  }
  SECTION("it fails if its client goes away") {
    world.pass(9min);
    REQUIRE(world.info(job).state == JobState::running);
    world.pass(2min);
    REQUIRE(world.info(job).status == 69);
    REQUIRE(world.info(job).reason == "the import stood still for 600 s");
  }
  SECTION("a client that talks keeps it") {
    for (int i = 0; i < 5; ++i) {
      world.pass(5min);
      world.say(100, wire::Nodes{});
    }
    REQUIRE(world.info(job).state == JobState::running);
  }
  SECTION("it fails if its server is lost") {
    world.kill(1);
    world.pass(5s);
    REQUIRE(world.info(job).state == JobState::failed);
    REQUIRE(world.info(job).reason == "server-1 is gone, during the import");
  }
}

}  // namespace
}  // namespace psmith::sched
