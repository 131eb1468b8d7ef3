#include "sched/recorder.h"

#include <catch2/catch.hpp>

#include "tests/sched/journalled.h"

namespace psmith::sched::test {
namespace {

using Kind = Record::Kind;

TEST_CASE("turns in which nothing lasting happens need no record", "[sched]") {
  Journalled world;
  const auto node = world.server(1);
  world.worker(2);
  const auto job = world.submit(spec());
  world.ready(1);
  world.ready(2);
  world.commit();
  world.records = 0;
  world.pass(10s);
  wire::Progress progress;
  progress.job = job;
  for (int i = 0; i < 100; ++i) {
    progress.rows = static_cast<std::uint64_t>(i);
    world.say(1, progress);
    world.say(9, wire::Nodes{});
    world.say(9, wire::Jobs{});
    world.say(1, wire::Heartbeat{.node = node, .view = 2, .progress = 3});
    world.commit();
  }
  REQUIRE(world.records == 0);
  // Plain events take numbers; these are recorded a block at a time.
  for (int i = 0; i < 200; ++i) world.say(1, progress);
  world.commit();
  REQUIRE(world.records == 1);
}

TEST_CASE("the journal has no more than the master keeps", "[sched]") {
  Journalled world;
  world.server(1);
  for (std::size_t i = 0; i < kEndedMax + 10; ++i) {
    const auto job = world.submit(spec());
    REQUIRE(job);
    world.say(100, wire::Cancel{job});
    if (i % 50 == 0) world.commit();
    world.inbox.clear();
  }
  world.commit();
  std::map<Kind, std::size_t> count;
  for (const auto& [key, bytes] : world.journal) ++count[key.first];
  REQUIRE(count[Kind::job] == kEndedMax);
  REQUIRE(count[Kind::spec] == kEndedMax);
  REQUIRE(count[Kind::event] <= kEventMax);
  REQUIRE(count[Kind::node] == 1);
  REQUIRE(count[Kind::master] == 1);
}

TEST_CASE("no number is given twice, over any number of starts", "[sched]") {
  Journalled world;
  std::uint64_t node = 0, job = 0, view = 0, seq = 0;
  for (int i = 0; i < 5; ++i) {
    const auto peer = static_cast<std::uint64_t>(10 + i);
    const auto next_node = world.server(peer).value();
    const auto next_job = world.submit(spec()).value();
    REQUIRE(next_node > node);
    REQUIRE(next_job > job);
    REQUIRE(world.coordinator->members().view_number() > view);
    REQUIRE(world.coordinator->log().last_seq() > seq);
    node = next_node;
    job = next_job;
    view = world.coordinator->members().view_number();
    seq = world.coordinator->log().last_seq();
    world.restart();
    REQUIRE(world.coordinator->log().last_seq() >= seq);
  }
}

}  // namespace
}  // namespace psmith::sched::test
