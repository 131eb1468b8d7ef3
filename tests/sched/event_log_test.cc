#include "sched/event_log.h"

#include <catch2/catch.hpp>

#include "sched/settings.h"
#include "tests/sched/support.h"

namespace psmith::sched {
namespace {

using test::World;
using namespace std::chrono_literals;

wire::Event event(std::string kind, JobId job = {}) {
  wire::Event event;
  event.kind = std::move(kind);
  event.job = job;
  return event;
}

TEST_CASE("events are numbered from 1 and told from any number on", "[sched]") {
  EventLog log;
  const Turn turn{.now = Instant(1s), .time_ms = 5};
  log.append(turn, event("a", JobId(1)));
  log.append(turn, event("b", JobId(2)));
  log.append(turn, event("c", JobId(1)));
  const auto all = log.after(0, {});
  REQUIRE(all.events.size() == 3);
  REQUIRE(all.first_seq == 1);
  REQUIRE(all.last_seq == 3);
  REQUIRE(all.events[0].time_ms == 5);
  REQUIRE(log.after(2, {}).events.size() == 1);
  REQUIRE(log.after(0, JobId(1)).events.size() == 2);
  REQUIRE(log.after(~std::uint64_t{0}, {}).events.empty());
}

TEST_CASE("a full log forgets plain progress before the rest", "[sched]") {
  EventLog log;
  const Turn turn{.now = Instant(1s), .time_ms = 5};
  log.append(turn, event("job_started"));
  for (std::size_t i = 0; i < 5 * kEventMax; ++i) {
    log.append(turn, event("progress"), EventLog::Keep::plain);
  }
  REQUIRE(log.after(0, {}).events.at(0).kind == "job_started");
  REQUIRE(log.after(log.last_seq() - 1, {}).events.size() == 1);

  SECTION("and stays bounded when all are worth keeping") {
    for (std::size_t i = 0; i < 3 * kEventMax; ++i) {
      log.append(turn, event("kept"));
    }
    REQUIRE(log.after(0, {}).events.at(0).kind != "job_started");
    const auto first = log.after(0, {}).first_seq;
    std::size_t count = 0;
    for (auto seq = first - 1; seq < log.last_seq();) {
      const auto batch = log.after(seq, {});
      if (batch.events.empty()) break;
      count += batch.events.size();
      seq = batch.events.back().seq;
    }
    REQUIRE(count <= kEventMax);
    REQUIRE(count > kEventMax / 2);
  }
}

TEST_CASE("text of events is one line of bounded length", "[sched]") {
  EventLog log;
  auto long_one = event("x");
  long_one.text = "a\nb\x1b" + std::string(100000, 'x');
  log.append({}, long_one);
  const auto text = log.after(0, {}).events.at(0).text;
  REQUIRE(text.size() == kTextMax);
  REQUIRE(text.starts_with("a b x"));
}

TEST_CASE("a follower is told what is new, until it is silent", "[sched]") {
  World world;
  const auto first =
      world.say(50, wire::Watch{.after_seq = 0, .job = {}, .follow = true});
  REQUIRE(World::count<wire::EventsOk>(first, 50) == 1);
  world.worker(1);
  REQUIRE(world.last<wire::EventsOk>(50)->events.at(0).kind == "worker_joined");
  SECTION("an answer comes to every Watch, even with nothing new") {
    const auto again =
        world.say(50, wire::Watch{.after_seq = 2, .job = {}, .follow = true});
    REQUIRE(World::count<wire::EventsOk>(again, 50) == 1);
    REQUIRE(world.last<wire::EventsOk>(50)->events.empty());
  }
  SECTION("it stays subscribed for ten seconds") {
    world.pass(9s);
    world.worker(2);
    REQUIRE(world.last<wire::EventsOk>(50)->events.at(0).node == NodeId(2));
    world.pass(2s);
    const auto joined = world.say(3, test::join_of(wire::Role::worker, 3));
    REQUIRE(World::count<wire::EventsOk>(joined) == 0);
  }
}

TEST_CASE("followers are limited", "[sched]") {
  World world;
  for (std::uint64_t i = 0; i < kFollowerMax; ++i) {
    world.say(1000 + i, wire::Watch{.after_seq = 0, .job = {}, .follow = true});
  }
  world.say(50, wire::Watch{.after_seq = 0, .job = {}, .follow = true});
  REQUIRE(world.last<wire::Refused>(50)->code == "busy");
}

TEST_CASE("a follower that is far behind gets everything in pieces",
          "[sched]") {
  EventLog log;
  Followers followers;
  for (int i = 0; i < 1000; ++i) log.append({}, event("x"));
  const auto first = followers.follow(Instant(1s), PeerId(1), {}, log);
  std::size_t count = first->events.size();
  REQUIRE(count == kEventBatchMax);
  for (const auto& each : followers.take(log)) {
    count += std::get<wire::EventsOk>(each.message.body).events.size();
  }
  REQUIRE(count == 1000);
  REQUIRE(followers.take(log).empty());
}

}  // namespace
}  // namespace psmith::sched
