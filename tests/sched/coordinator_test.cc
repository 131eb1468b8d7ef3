#include "sched/coordinator.h"

#include <catch2/catch.hpp>
#include <set>

#include "base/rng.h"
#include "tests/sched/support.h"

namespace psmith::sched {
namespace {

using test::join_of;
using test::spec;
using test::World;
using namespace std::chrono_literals;

TEST_CASE("the first event says that the master started", "[sched]") {
  Settings settings;
  settings.listen = "tcp://127.0.0.1:7700";
  World world(settings);
  REQUIRE(world.text("master_started") ==
          "listens at tcp://127.0.0.1:7700; 0 servers, 0 workers");
}

TEST_CASE("clients are told which life of the master answers", "[sched]") {
  Settings settings;
  settings.incarnation = 77;
  World world(settings);
  wire::Join join;
  join.role = wire::Role::client;
  join.wire_version = wire::kWireVersion;
  world.say(100, join);
  REQUIRE(world.last<wire::JoinOk>(100)->incarnation == 77);
  const auto job = world.submit(spec());
  REQUIRE(world.last<wire::SubmitOk>(100)->incarnation == 77);
  world.say(100, wire::Jobs{.job = job, .name = ""});
  REQUIRE(world.last<wire::JobsOk>(100)->incarnation == 77);
  world.say(100, wire::Watch{.after_seq = 0, .job = job, .follow = true});
  REQUIRE(world.last<wire::EventsOk>(100)->incarnation == 77);
  world.inbox.clear();
  world.say(101, wire::Cancel{job});
  REQUIRE(world.last<wire::EventsOk>(100)->incarnation == 77);
}

TEST_CASE("a master alone has nothing to wait for", "[sched]") {
  World world;
  REQUIRE(world.coordinator->next_deadline() == Instant::max());
  world.worker(1);
  REQUIRE(world.coordinator->next_deadline() == world.now + 1s);
}

TEST_CASE("a master wakes when a node expires, not a beat later", "[sched]") {
  World world;
  world.worker(2);
  world.kill(2);
  const auto end = world.now + 4s + Duration(1);
  for (int i = 0; i < 4; ++i) {
    REQUIRE(world.coordinator->next_deadline() == world.now + 1s);
    world.now += 800ms;
    world.tick();
  }
  REQUIRE(world.coordinator->next_deadline() == end);
  world.now = end;
  world.tick();
  REQUIRE(world.coordinator->members().empty());
  REQUIRE(world.coordinator->next_deadline() == Instant::max());
}

TEST_CASE("a job that waits is a deadline", "[sched]") {
  World world;
  world.submit(spec());
  REQUIRE(world.coordinator->next_deadline() == world.now + 60s);
}

TEST_CASE("a report of a stranger is refused", "[sched]") {
  World world;
  world.say(7, wire::Progress{});
  REQUIRE(world.last<wire::Refused>(7)->code == "unknown_node");
  world.say(8, wire::Note{});
  REQUIRE(world.last<wire::Refused>(8)->code == "unknown_node");
}

TEST_CASE("a report on a job that the master does not know ends it",
          "[sched]") {
  World world;
  world.server(1);
  world.say(1, world.done(JobId(42), 1));
  REQUIRE(world.last<wire::EndJob>(1)->job == JobId(42));
  REQUIRE_FALSE(world.last<wire::EndJob>(1)->keep);
}

TEST_CASE("messages that are not for a master are refused, refusals ignored",
          "[sched]") {
  World world;
  world.say(1, wire::PushPull{});
  REQUIRE(world.last<wire::Refused>(1)->code == "bad_message");
  REQUIRE(world.say(1, wire::Refused{}).empty());
}

TEST_CASE("jobs are listed, by number and by name", "[sched]") {
  World world;
  const auto a = world.submit(spec("a"));
  world.submit(spec("b"));
  const auto c = world.submit(spec("a"));
  world.say(5, wire::Jobs{});
  REQUIRE(world.last<wire::JobsOk>(5)->jobs.size() == 3);
  REQUIRE(world.last<wire::JobsOk>(5)->jobs[0].spec.train.folder.empty());
  world.say(5, wire::Jobs{.job = {}, .name = "a"});
  REQUIRE(world.last<wire::JobsOk>(5)->jobs.at(0).job == c);
  REQUIRE(world.last<wire::JobsOk>(5)->jobs.at(0).spec.train.folder == "data");
  world.say(5, wire::Jobs{.job = a, .name = ""});
  REQUIRE(world.last<wire::JobsOk>(5)->jobs.at(0).job == a);
  world.say(5, wire::Jobs{.job = {}, .name = "nobody"});
  REQUIRE(world.last<wire::Refused>(5)->code == "not_found");
  world.say(5, wire::Jobs{.job = JobId(99), .name = ""});
  REQUIRE(world.last<wire::Refused>(5)->code == "not_found");
}

TEST_CASE("a job without a name gets one", "[sched]") {
  World world;
  REQUIRE(world.info(world.submit(spec(""))).name == "job-1");
}

TEST_CASE("nodes are listed with their silence", "[sched]") {
  World world;
  world.server(1, 2);
  world.pass(750ms);
  world.kill(1);
  world.pass(750ms);
  world.say(5, wire::Nodes{});
  const auto* ok = world.last<wire::NodesOk>(5);
  REQUIRE(ok->view.nodes.at(0).silent_ms == 750);
  REQUIRE(ok->wire_version == wire::kWireVersion);
  REQUIRE(ok->uptime_ms == 1500);
}

TEST_CASE("whoever asks for nodes learns the fingerprint that joins must have",
          "[sched]") {
  World world;
  const auto fingerprint = [&] {
    world.say(5, wire::Nodes{});
    return world.last<wire::NodesOk>(5)->fingerprint;
  };
  REQUIRE(fingerprint().empty());
  const auto join = join_of(wire::Role::server, 11, 2);
  world.say(1, join);
  REQUIRE_FALSE(join.fingerprint.empty());
  REQUIRE(fingerprint() == join.fingerprint);
  world.say(1, wire::Leave{NodeId(1)});
  REQUIRE(fingerprint().empty());
}

TEST_CASE("ended jobs are forgotten, the oldest first", "[sched]") {
  World world;
  for (std::size_t i = 0; i < kEndedMax + 10; ++i) {
    const auto job = world.submit(spec());
    world.say(100, wire::Cancel{job});
    world.inbox.clear();
  }
  world.say(5, wire::Jobs{});
  const auto* ok = world.last<wire::JobsOk>(5);
  REQUIRE(ok->jobs.size() == kEndedMax);
  REQUIRE(ok->jobs[0].job == JobId(11));
}

// Random messages of random peers, in any order, with random numbers in them:
// the coordinator keeps its limits and its numbers.
wire::Body any_message(Rng& rng) {
  const auto id = [&] { return rng.below(4); };
  switch (rng.below(14)) {
    case 0:
    case 1:
      return join_of(static_cast<wire::Role>(1 + rng.below(2)), 1 + id(),
                     1 + id());
    case 2:
      return wire::Heartbeat{NodeId(id()), id(), id()};
    case 3:
      return wire::Leave{NodeId(id())};
    case 4:
    case 5:
      return wire::StartJobOk{NodeId(id()), JobId(id()), id()};
    case 6: {
      wire::LaneDone done;
      done.job = JobId(id());
      done.recovery = id();
      done.lane = id();
      return done;
    }
    case 7: {
      wire::JobFailed failed;
      failed.job = JobId(id());
      failed.recovery = id();
      failed.status = static_cast<std::uint32_t>(rng.below(1000));
      return failed;
    }
    case 8: {
      wire::Progress progress;
      progress.job = JobId(id());
      progress.eval_sums.resize(rng.below(100));
      return progress;
    }
    case 9:
      return wire::Cancel{JobId(id())};
    case 10:
      return wire::Drop{JobId(id())};
    case 11:
      return wire::Watch{rng.next() >> rng.below(64), JobId(id()),
                         rng.below(2) == 0};
    case 12: {
      auto job = spec("n" + std::to_string(id()));
      if (rng.below(3) == 0) {
        job.kind = "import";
        job.train = {};
      }
      return wire::Submit{job, id()};
    }
    default: {
      wire::CheckpointDone done;
      done.job = JobId(id());
      done.lane = id();
      done.version = rng.next();
      return done;
    }
  }
}

TEST_CASE("nonsense in any order breaks nothing", "[sched]") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    INFO("seed " << seed);
    Rng rng(seed);
    World world;
    std::set<std::uint64_t> lanes;
    std::uint64_t view = 0;
    for (int i = 0; i < 200; ++i) {
      world.say(rng.below(6), any_message(rng));
      world.now += std::chrono::milliseconds(rng.below(3000));
      if (rng.below(4) == 0) world.tick();
      const auto& members = world.coordinator->members();
      REQUIRE(members.view_number() >= view);
      view = members.view_number();
      for (const auto& lane : members.lanes()) lanes.insert(lane.lane);
      world.inbox.clear();
    }
    // Whatever it was, it is over when nobody says anything any more.
    for (int i = 0; i < 3000; ++i) {
      world.now += 1s;
      world.tick();
    }
    world.say(99, wire::Jobs{});
    for (const auto& job : world.last<wire::JobsOk>(99)->jobs) {
      REQUIRE(job.state >= wire::JobState::done);
    }
  }
}

}  // namespace
}  // namespace psmith::sched
