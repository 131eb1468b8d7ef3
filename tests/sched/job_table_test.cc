#include "sched/job_table.h"

#include <catch2/catch.hpp>

#include "sched/settings.h"
#include "tests/sched/support.h"

namespace psmith::sched {
namespace {

using test::spec;
using wire::JobState;

Job& add(JobTable& table, const std::string& name, std::uint64_t token = 0) {
  return table.add({}, PeerId(1), {.spec = spec(name), .token = token});
}

Job& live(JobTable& table, const std::string& name) {
  auto& job = add(table, name);
  job.state = JobState::done;
  job.live = true;
  return job;
}

TEST_CASE("jobs are numbered from 1 and found by number and token", "[sched]") {
  JobTable table;
  const auto first = add(table, "a", 7).id;
  const auto second = add(table, "b", 8).id;
  REQUIRE(first == JobId(1));
  REQUIRE(second == JobId(2));
  REQUIRE(table.by_token(8)->id == second);
  REQUIRE(table.by_token(9) == nullptr);
  REQUIRE(table.by_token(0) == nullptr);
  REQUIRE(table.find(JobId(3)) == nullptr);
}

TEST_CASE("train jobs queue, imports do not", "[sched]") {
  JobTable table;
  add(table, "a");
  add(table, "i").spec.kind = "import";
  add(table, "over").state = JobState::failed;
  REQUIRE(table.ahead_of(add(table, "b")) == 1);
  REQUIRE(table.count_active() == 3);
}

TEST_CASE("a name means its newest job, then its live model", "[sched]") {
  JobTable table;
  live(table, "a");
  add(table, "b");
  const auto one = table.answer({.job = {}, .name = "a"});
  REQUIRE(one->jobs.size() == 1);
  REQUIRE(one->jobs[0].live);
  REQUIRE(one->jobs[0].spec.train.folder == "data");

  add(table, "a");
  const auto two = table.answer({.job = {}, .name = "a"});
  REQUIRE(two->jobs.size() == 2);
  REQUIRE(two->jobs[0].job == JobId(3));
  REQUIRE(two->jobs[1].job == JobId(1));
  REQUIRE(two->jobs[1].spec.train.folder == "data");
  REQUIRE_FALSE(table.answer({.job = {}, .name = "c"}).has_value());
}

TEST_CASE("a name means a job that is not over, too", "[sched]") {
  JobTable table;
  live(table, "a");
  add(table, "a");
  add(table, "a");
  add(table, "a").state = JobState::cancelled;
  const auto all = table.answer({.job = {}, .name = "a"});
  REQUIRE(all->jobs.size() == 3);
  REQUIRE(all->jobs[0].job == JobId(4));
  REQUIRE(all->jobs[1].job == JobId(3));
  REQUIRE(all->jobs[2].job == JobId(1));
  REQUIRE(all->jobs[0].spec.train.folder.empty());
  REQUIRE(all->jobs[1].spec.train.folder.empty());
  REQUIRE(all->jobs[2].spec.train.folder == "data");
}

TEST_CASE("checkpoints are whole once, and forgotten then", "[sched]") {
  JobTable table;
  auto& job = add(table, "a");
  job.lanes.resize(1);
  const auto done = [](std::uint64_t version, std::uint64_t lane) {
    wire::CheckpointDone done;
    done.version = version;
    done.lane = lane;
    done.file = "lane-" + std::to_string(lane);
    return done;
  };
  for (std::uint64_t version = 1; version < 100; ++version) {
    REQUIRE(job.checkpointed(done(version, 1)));
    REQUIRE_FALSE(job.checkpointed(done(version, 1)));
  }
  REQUIRE(job.checkpoint_lanes.empty());

  job.lanes.resize(2);
  for (std::uint64_t version = 100; version < 200; ++version) {
    REQUIRE_FALSE(job.checkpointed(done(version, 1)));  // lane 2 writes none
  }
  REQUIRE(job.checkpoint_lanes.size() == kCheckpointOpenMax);
  REQUIRE(job.checkpoint.version == 99);
  REQUIRE(job.checkpointed(done(199, 2)));
  REQUIRE(job.checkpoint_lanes.empty());
  REQUIRE(job.checkpoint.version == 199);
  REQUIRE(job.checkpoint.files.size() == 2);
  REQUIRE(job.checkpoint.files[1].file == "lane-2");
}

TEST_CASE("bulk is kept while a job may need it", "[sched]") {
  JobTable table;
  auto& dead = add(table, "a");
  dead.spec.model_header.assign(1000, 'x');
  auto& kept = live(table, "b");
  kept.spec.model_header.assign(1000, 'x');
  REQUIRE(table.spec_bytes() > 2000);
  dead.state = JobState::cancelled;
  table.trim();
  REQUIRE(dead.spec.model_header.empty());
  REQUIRE(dead.spec.train.shards.empty());
  REQUIRE(dead.spec.name == "a");
  REQUIRE(kept.spec.model_header.size() == 1000);
  REQUIRE(table.spec_bytes() < 1100);
}

TEST_CASE("the oldest ended jobs are forgotten, live models never", "[sched]") {
  JobTable table;
  const auto kept = live(table, "live").id;
  for (std::size_t i = 0; i < kEndedMax + 5; ++i) {
    add(table, "x").state = JobState::failed;
  }
  table.trim();
  REQUIRE(table.all().size() == kEndedMax + 1);
  REQUIRE(table.find(kept) != nullptr);
  REQUIRE(table.find(JobId(6)) == nullptr);
  REQUIRE(table.find(JobId(7)) != nullptr);
}

}  // namespace
}  // namespace psmith::sched
