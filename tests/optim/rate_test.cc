#include "optim/rate.h"

#include <catch2/catch.hpp>

using namespace psmith::optim;

TEST_CASE("a constant rate stays", "[optim]") {
  for (const std::uint64_t step : {0U, 5U, 99U}) {
    REQUIRE(share_at(Schedule::constant, step, 100) == 1);
  }
}

TEST_CASE("linear and cosine rates fall from the first step to the last",
          "[optim]") {
  for (const auto schedule : {Schedule::linear, Schedule::cosine}) {
    REQUIRE(share_at(schedule, 0, 100) == 1);
    for (std::uint64_t step = 1; step < 100; ++step) {
      REQUIRE(share_at(schedule, step, 100) <
              share_at(schedule, step - 1, 100));
    }
    REQUIRE(share_at(schedule, 99, 100) > 0);
    REQUIRE(share_at(schedule, 100, 100) == share_at(schedule, 99, 100));
    REQUIRE(share_at(schedule, 50, 100) == Approx(0.5));
  }
}

TEST_CASE("without a known end every schedule is constant", "[optim]") {
  REQUIRE(share_at(Schedule::cosine, 12345, 0) == 1);
  REQUIRE(rate_at({.schedule = Schedule::linear, .rate = 0.3}, 7, 0) == 0.3);
}

TEST_CASE("a rate is the first rate times the share", "[optim]") {
  const Settings settings{.schedule = Schedule::linear, .rate = 0.4};
  REQUIRE(rate_at(settings, 25, 100) == Approx(0.3));
}

TEST_CASE("a mean over a share of a full step's rows moves by that share",
          "[optim]") {
  const Settings mean{.schedule = Schedule::linear, .rate = 0.4};
  REQUIRE(rate_at(mean, 25, 100, 0.5) == Approx(0.15));
  const Settings sum{.rate = 0.4, .mean = false};
  REQUIRE(rate_at(sum, 25, 100, 0.5) == 0.4);
}
