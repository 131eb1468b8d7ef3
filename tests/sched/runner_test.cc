#include "sched/runner.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/sched/support.h"

namespace psmith::sched {
namespace {

using test::has;
using test::Running;
using test::spec;
using test::World;
using wire::JobState;
using namespace std::chrono_literals;

TEST_CASE("a submission that is sent again is the same job", "[sched]") {
  World world;
  REQUIRE(world.submit(spec(), 77) == JobId(1));
  REQUIRE(world.submit(spec(), 77) == JobId(1));
  REQUIRE(world.submit(spec(), 78) == JobId(2));
}

TEST_CASE("jobs run one at a time, first in, first out", "[sched]") {
  Running world;
  const auto second = world.submit(spec("b"));
  const auto third = world.submit(spec("c"));
  REQUIRE(world.info(third).state == JobState::queued);
  REQUIRE(world.text("job_submitted") == "train c (linear), behind 2 jobs");
  world.pass(100s);
  REQUIRE(world.info(second).state == JobState::queued);
  world.say(100, wire::Cancel{world.job});
  REQUIRE(world.info(second).state == JobState::starting);
  REQUIRE(world.info(third).state == JobState::queued);
}

TEST_CASE("a job says which one it waits for, once", "[sched]") {
  Running world;
  world.submit(spec("b"));
  const auto third = world.submit(spec("c"));
  world.pass(5s);
  REQUIRE(world.text("job_waiting") == "behind job 2");
  REQUIRE(world.info(third).reason == "behind job 2");
  const auto kinds = world.kinds(third);
  REQUIRE(std::count(kinds.begin(), kinds.end(), "job_waiting") == 1);
  world.say(100, wire::Cancel{JobId(2)});
  REQUIRE(world.text("job_waiting") == "behind job 1");
  world.say(100, wire::Cancel{world.job});
  REQUIRE(world.info(third).reason.empty());
}

TEST_CASE("with many live models a job must replace one of them", "[sched]") {
  World world;
  world.server(1);
  world.worker(3);
  for (std::size_t i = 0; i < kLiveMax; ++i) {
    const auto job = world.submit(spec("m" + std::to_string(i)));
    world.ready(1);
    world.say(1, world.done(job, 1));
  }
  world.say(100, wire::Submit{spec("one-more"), 0});
  REQUIRE(world.last<wire::Refused>(100)->code == "busy");
  world.inbox.clear();
  REQUIRE(world.submit(spec("m7")) != JobId());
}

TEST_CASE("the queue is bounded", "[sched]") {
  World world;
  for (std::size_t i = 0; i < kQueueMax; ++i) {
    world.submit(spec("m" + std::to_string(i)));
  }
  world.say(100, wire::Submit{spec(), 0});
  REQUIRE(world.last<wire::Refused>(100)->code == "busy");
  REQUIRE(world.last<wire::Refused>(100)->retry_ms > 0);
}

TEST_CASE("a job is done when every lane says so", "[sched]") {
  Running world;
  world.say(1, world.done(world.job, 1));
  world.say(1, world.done(world.job, 1));
  world.say(1, world.done(world.job, 2));
  REQUIRE(world.info(world.job).state == JobState::running);
  world.say(2, world.done(world.job, 3));
  const auto info = world.info(world.job);
  REQUIRE(info.state == JobState::done);
  REQUIRE(info.live);
  REQUIRE(info.best_version == 90);
  REQUIRE(info.last.loss_mean == 0.25);
  REQUIRE(info.spec.train.folder == "data");
  REQUIRE(world.last<wire::EndJob>(1)->keep);
  REQUIRE_FALSE(world.last<wire::EndJob>(3)->keep);
  REQUIRE(has(world.kinds(), "job_done"));

  SECTION("a lane that says it again is answered") {
    const auto effects = world.say(2, world.done(world.job, 3));
    REQUIRE(World::count<wire::EndJob>(effects, 2) == 1);
    REQUIRE(world.last<wire::EndJob>(2)->keep);
  }
  SECTION("EndJob is repeated, a few times") {
    world.inbox.clear();
    world.pass(20s);
    REQUIRE(World::count<wire::EndJob>(world.inbox, 1) == kEndRepeats);
  }
  SECTION("a model whose server is lost is no longer live") {
    world.kill(2);
    world.pass(5s);
    REQUIRE_FALSE(world.info(world.job).live);
    REQUIRE(world.text("model_lost") == "m: server-2 held a part of it");
    REQUIRE_FALSE(world.last<wire::EndJob>(1)->keep);
    REQUIRE(world.info(world.job).state == JobState::done);
  }
  SECTION("a newer model of that name replaces it") {
    const auto next = world.submit(spec());
    world.ready(1);
    world.ready(2);
    REQUIRE(world.info(world.job).live);
    for (std::uint64_t lane = 1; lane <= 3; ++lane) {
      world.say(lane < 3 ? 1 : 2, world.done(next, lane));
    }
    REQUIRE(world.info(next).live);
    REQUIRE_FALSE(world.info(world.job).live);
    REQUIRE(world.text("model_lost") == "m: replaced by that of job 2");
  }
  SECTION("it can be dropped") {
    world.say(100, wire::Drop{world.job});
    REQUIRE(world.last<wire::DropOk>(100) != nullptr);
    REQUIRE_FALSE(world.info(world.job).live);
    REQUIRE_FALSE(world.last<wire::EndJob>(1)->keep);
    world.say(100, wire::Drop{world.job});
    REQUIRE(world.last<wire::Refused>(100)->code == "not_found");
  }
}

TEST_CASE("lanes that end at different versions fail the job", "[sched]") {
  Running world;
  world.say(1, world.done(world.job, 1));
  world.say(1, world.done(world.job, 2));
  auto odd = world.done(world.job, 3);
  odd.best_version = 91;
  world.say(2, odd);
  REQUIRE(world.info(world.job).state == JobState::failed);
  REQUIRE(world.info(world.job).status == 70);
}

TEST_CASE("a server that fails ends the job with its reason", "[sched]") {
  Running world;
  wire::JobFailed failed;
  failed.node = NodeId(1);
  failed.job = world.job;
  failed.reason = "checkpoint: no space left on device";
  failed.status = 74;
  world.say(1, failed);
  REQUIRE(world.info(world.job).state == JobState::failed);
  REQUIRE(world.info(world.job).status == 74);
}

TEST_CASE("a worker that cannot work for a job is left out of it", "[sched]") {
  Running world;
  wire::JobFailed failed;
  failed.node = NodeId(3);
  failed.job = world.job;
  failed.reason = "cannot read data/manifest.json: no such file or directory";
  failed.status = 66;
  world.say(3, failed);
  world.say(3, failed);
  REQUIRE(world.info(world.job).state == JobState::running);
  REQUIRE(world.text("worker_unfit") == "worker-3: " + failed.reason);

  SECTION("the job waits when the last fit one is lost") {
    world.kill(4);
    world.pass(5s);
    REQUIRE(world.info(world.job).state == JobState::paused);
    world.pass(100s);
    REQUIRE(world.info(world.job).status == 69);
  }
  SECTION("and does not fail while a lost one may be replaced") {
    world.kill(4);
    world.pass(5s);
    const auto newcomer = world.worker(5);
    REQUIRE(world.info(world.job).state == JobState::running);
    failed.node = newcomer;
    world.say(5, failed);
    REQUIRE(world.info(world.job).state == JobState::paused);
  }
}

TEST_CASE("a job that no worker can work for fails with the reason",
          "[sched]") {
  Running world;
  wire::JobFailed failed;
  failed.job = world.job;
  failed.reason = "data/shard-00000.safetensors: bad checksum";
  failed.status = 65;
  failed.node = NodeId(4);
  world.say(4, failed);
  failed.node = NodeId(3);
  world.say(3, failed);
  const auto info = world.info(world.job);
  REQUIRE(info.state == JobState::failed);
  REQUIRE(info.status == 65);
  REQUIRE(info.reason ==
          "worker-3: data/shard-00000.safetensors: bad checksum");
  for (const std::uint64_t peer : {1, 2, 3, 4}) {
    REQUIRE(world.last<wire::EndJob>(peer) != nullptr);
    REQUIRE_FALSE(world.last<wire::EndJob>(peer)->keep);
  }
  SECTION("once; its repetition is answered") {
    const auto effects = world.say(3, failed);
    REQUIRE(World::count<wire::EndJob>(effects, 3) == 1);
  }
}

TEST_CASE("a job can be cancelled, and only once it is not over", "[sched]") {
  Running world;
  world.say(100, wire::Cancel{world.job});
  REQUIRE(world.last<wire::CancelOk>(100) != nullptr);
  REQUIRE(world.info(world.job).state == JobState::cancelled);
  REQUIRE_FALSE(world.last<wire::EndJob>(1)->keep);
  const auto again = world.say(100, wire::Cancel{world.job});
  REQUIRE(World::count<wire::CancelOk>(again) == 1);
  world.say(100, wire::Cancel{JobId(99)});
  REQUIRE(world.last<wire::Refused>(100)->code == "not_found");
}

TEST_CASE("progress of the lead becomes events", "[sched]") {
  Running world;
  wire::Progress progress;
  progress.job = world.job;
  progress.step = 7;
  progress.doubling = true;
  progress.eval_sums.resize(100000);
  world.say(1, progress);
  REQUIRE(world.info(world.job).last.step == 7);
  REQUIRE(world.info(world.job).last.eval_sums.size() <= 8);
  REQUIRE(world.kinds(world.job).back() == "progress");

  SECTION("of others it is ignored") {
    progress.step = 8;
    world.say(2, progress);
    world.say(3, progress);
    REQUIRE(world.info(world.job).last.step == 7);
  }
  SECTION("of an old recovery number too") {
    progress.recovery = 9;
    progress.step = 8;
    world.say(1, progress);
    REQUIRE(world.info(world.job).last.step == 7);
  }
}

TEST_CASE("notes tell the story of a job", "[sched]") {
  Running world;
  wire::Note note;
  note.job = world.job;
  note.kind = "worker_read";
  note.text = "10 rows\nof shard 0";
  world.say(3, note);
  REQUIRE(world.text("worker_read") == "worker-3: 10 rows of shard 0");

  SECTION("the master's own words cannot be put in its mouth") {
    note.kind = "job_done";
    world.say(3, note);
    REQUIRE_FALSE(has(world.kinds(), "job_done"));
  }
  SECTION("kinds are words") {
    note.kind = "a b";
    world.say(3, note);
    note.kind.assign(100000, 'a');
    world.say(3, note);
    REQUIRE(world.kinds().back() == "worker_read");
  }
}

TEST_CASE("a checkpoint is whole when every lane has written it", "[sched]") {
  Running world;
  wire::CheckpointDone done;
  done.job = world.job;
  done.version = 5;
  for (const std::uint64_t lane : {1, 1, 2}) {
    done.lane = lane;
    world.say(1, done);
  }
  REQUIRE_FALSE(has(world.kinds(), "checkpoint_done"));
  done.lane = 3;
  world.say(1, done);  // not its lane
  REQUIRE_FALSE(has(world.kinds(), "checkpoint_done"));
  world.say(2, done);
  REQUIRE(world.text("checkpoint_done") == "version 5 is whole in 3 files");
}

TEST_CASE("lanes speak for themselves only", "[sched]") {
  Running world;
  for (std::uint64_t lane = 0; lane < 5; ++lane) {
    world.say(2, world.done(world.job, lane));
    world.say(3, world.done(world.job, lane));
  }
  REQUIRE(world.info(world.job).state == JobState::running);
}

TEST_CASE("a lost server takes the job back to its newest whole checkpoint",
          "[sched]") {
  Running world;
  const auto checkpoint = [&](std::uint64_t peer, std::uint64_t lane,
                              std::uint64_t version) {
    wire::CheckpointDone done;
    done.job = world.job;
    done.lane = lane;
    done.version = version;
    done.file = "f" + std::to_string(lane);
    world.say(peer, done);
  };
  for (const auto lane : {1, 2})
    checkpoint(1, static_cast<std::uint64_t>(lane), 5);
  checkpoint(2, 3, 5);
  checkpoint(1, 1, 9);  // not whole
  world.kill(2);
  world.pass(6s);
  const auto& record = world.last<wire::StartJob>(1)->record;
  REQUIRE(record.recovery == 1);
  REQUIRE(record.checkpoint.version == 5);
  REQUIRE(record.checkpoint.files.size() == 3);
  REQUIRE(record.checkpoint.files[2].file == "f3");
  REQUIRE(world.text("job_restarted").find("from version 5 on 2 lanes") !=
          std::string::npos);

  SECTION("or to version 0, if a server cannot read it") {
    wire::JobFailed failed;
    failed.job = world.job;
    failed.recovery = 1;
    failed.reason = "its digest is another";
    world.say(1, failed);
    const auto& again = world.last<wire::StartJob>(1)->record;
    REQUIRE(again.recovery == 2);
    REQUIRE(again.checkpoint.version == 0);
    REQUIRE(world.text("job_restarted")
                .find("its digest is another; starts again from version 0") !=
            std::string::npos);
  }
}

}  // namespace
}  // namespace psmith::sched
