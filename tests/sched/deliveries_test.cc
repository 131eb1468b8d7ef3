#include "sched/deliveries.h"

#include <catch2/catch.hpp>

namespace psmith::sched {
namespace {

using namespace std::chrono_literals;
using What = Deliveries::What;

const NodeId kNode(1);
const JobId kJob(1);

TEST_CASE("a start is repeated until it is answered", "[sched]") {
  Deliveries deliveries;
  Instant now(10s);
  deliveries.given(now, {.node = kNode, .job = kJob, .what = What::start});
  REQUIRE(deliveries.next() == now + kRepeat);
  REQUIRE(deliveries.due(now).empty());
  for (int i = 0; i < 20; ++i) {
    now += kRepeat;
    REQUIRE(deliveries.due(now).size() == 1);
  }
  deliveries.answered(kNode, kJob);
  REQUIRE(deliveries.next() == Instant::max());
}

TEST_CASE("an end is repeated a few times, whatever is answered", "[sched]") {
  Deliveries deliveries;
  Instant now(10s);
  deliveries.given(now, {.node = kNode, .job = kJob, .what = What::end});
  deliveries.answered(kNode, kJob);
  for (std::uint32_t i = 0; i < kEndRepeats; ++i) {
    now += kRepeat;
    REQUIRE(deliveries.due(now).size() == 1);
  }
  REQUIRE(deliveries.next() == Instant::max());
}

TEST_CASE("the newest order of a job stands", "[sched]") {
  Deliveries deliveries;
  Instant now(10s);
  deliveries.given(now, {.node = kNode, .job = kJob, .what = What::start});
  deliveries.given(now, {.node = kNode, .job = kJob, .what = What::end});
  const auto due = deliveries.due(now + kRepeat);
  REQUIRE(due.size() == 1);
  REQUIRE(due[0].what == What::end);
}

TEST_CASE("orders to a node that is gone, or of a job, are forgotten",
          "[sched]") {
  Deliveries deliveries;
  const Instant now(10s);
  deliveries.given(now, {.node = kNode, .job = kJob, .what = What::start});
  SECTION("node") { deliveries.forget(kNode); }
  SECTION("job") { deliveries.forget(kJob); }
  REQUIRE(deliveries.next() == Instant::max());
}

}  // namespace
}  // namespace psmith::sched
