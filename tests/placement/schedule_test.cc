#include "placement/schedule.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <tuple>

#include "base/rng.h"

namespace psmith::placement {

TEST_CASE("an epoch takes every group once, in an order of its own",
          "[placement]") {
  Schedule schedule({.train = {.shard_rows = {100, 7, 64}, .block_rows = 8},
                     .eval = {},
                     .group_blocks = 4,
                     .epochs = 3,
                     .seed = 5});
  // 13 blocks -> 4 groups, 1 -> 1, 8 -> 2
  REQUIRE(schedule.step_count() == 3 * 7);
  std::vector<std::vector<std::pair<std::uint32_t, std::uint32_t>>> epochs(3);
  for (std::uint64_t i = 0; i < schedule.step_count(); ++i) {
    const auto step = schedule.at(i);
    REQUIRE(step.epoch == i / 7);
    REQUIRE(step.train_index == i);
    REQUIRE_FALSE(step.eval);
    epochs[step.epoch].emplace_back(step.shard, step.block_begin);
    if (step.shard == 0 && step.block_begin == 12) {
      REQUIRE(step.block_count == 1);
    }
  }
  for (auto& epoch : epochs) {
    REQUIRE(std::set(epoch.begin(), epoch.end()).size() == 7);
  }
  REQUIRE(epochs[0] != epochs[1]);
}

TEST_CASE("evaluation steps stand after every eval_every epochs and at the end",
          "[placement]") {
  Rng rng(3);
  for (int round = 0; round < 200; ++round) {
    ScheduleSettings s;
    s.train = {.shard_rows = {1 + rng.below(40), 1 + rng.below(40)},
               .block_rows = 4};
    s.eval = {.shard_rows = {1 + rng.below(30)}, .block_rows = 4};
    s.group_blocks = static_cast<std::uint32_t>(1 + rng.below(4));
    s.epochs = 1 + rng.below(6);
    s.eval_every = static_cast<std::uint32_t>(rng.below(4));
    s.step_max = rng.below(2) == 0 ? 0 : 1 + rng.below(20);
    Schedule schedule(s);
    std::uint64_t trained = 0, evaluated = 0, epoch_of_last_train = 0;
    for (std::uint64_t i = 0; i < schedule.step_count(); ++i) {
      const auto step = schedule.at(i);
      REQUIRE(step.train_index == trained);
      if (step.eval) {
        REQUIRE(step.epoch == epoch_of_last_train);
        ++evaluated;
      } else {
        ++trained;
        epoch_of_last_train = step.epoch;
      }
    }
    REQUIRE(trained == schedule.train_step_count());
    REQUIRE(evaluated > 0);
    REQUIRE(schedule.at(schedule.step_count() - 1).eval_last);
  }
}

TEST_CASE("a short group's step has the share of its rows", "[placement]") {
  Schedule schedule({.train = {.shard_rows = {40, 9, 3}, .block_rows = 4},
                     .eval = {},
                     .group_blocks = 5,
                     .epochs = 1});
  std::map<std::pair<std::uint32_t, std::uint32_t>, double> share;
  for (std::uint64_t i = 0; i < schedule.step_count(); ++i) {
    const auto step = schedule.at(i);
    share[{step.shard, step.block_begin}] = step.row_share;
  }
  using Share = decltype(share);
  REQUIRE(share == Share{{{0, 0}, 1.0},
                         {{0, 5}, 1.0},
                         {{1, 0}, 9.0 / 20},
                         {{2, 0}, 3.0 / 20}});
}

TEST_CASE("data without rows has no steps", "[placement]") {
  Schedule schedule({.train = {}, .eval = {}, .epochs = 2});
  REQUIRE(schedule.step_count() == 0);
}

}  // namespace psmith::placement
