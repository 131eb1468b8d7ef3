#include "model/defaults.h"

#include <bit>
#include <catch2/catch.hpp>

using namespace psmith::model;

TEST_CASE("a block is a power of two and leaves 320 blocks where it can",
          "[model]") {
  for (const std::uint64_t rows :
       {0ULL, 1ULL, 50ULL, 1280ULL, 6513ULL, 16000ULL, 40960ULL, 1ULL << 40}) {
    const auto block = default_block_rows(rows);
    REQUIRE(std::has_single_bit(block));
    REQUIRE(block >= kBlockRowsMin);
    REQUIRE(block <= kBlockRowsMax);
    REQUIRE((rows / block >= 320 || block == kBlockRowsMin));
  }
  REQUIRE(default_block_rows(6513) == 16);
  REQUIRE(default_block_rows(100000) == 128);
}

TEST_CASE("a step has 16 blocks, whatever their size, at least one",
          "[model]") {
  Question q{.model = {Kind::logistic, false, 0, 0}, .rows = 6513};
  REQUIRE(defaults_for(q).group_blocks == 16);
  q.block_rows = 8;
  REQUIRE(defaults_for(q).block_rows == 8);
  REQUIRE(defaults_for(q).group_blocks == 32);
  q.block_rows = 1000;
  REQUIRE(defaults_for(q).group_blocks == 1);
}

TEST_CASE("the more rows, the fewer epochs", "[model]") {
  for (const bool dense : {true, false}) {
    std::uint64_t last = ~std::uint64_t{0};
    for (std::uint64_t rows = 1; rows < std::uint64_t{1} << 40; rows *= 4) {
      const auto epochs =
          defaults_for({.model = {Kind::linear, dense, 5, 0}, .rows = rows})
              .epochs;
      REQUIRE(epochs <= last);
      REQUIRE(epochs >= 3);
      REQUIRE(epochs <= 100);
      last = epochs;
    }
  }
}

TEST_CASE("each optimizer comes with its own settings", "[model]") {
  Question q{.model = {Kind::logistic, true, 99, 0}, .rows = 1000};
  REQUIRE(defaults_for(q).optimizer == "dog");
  REQUIRE(defaults_for(q).mean);
  REQUIRE(defaults_for(q).l2 == 0.001);
  q.optimizer = "ftrl";
  REQUIRE(defaults_for(q).optimizer == "ftrl");
  REQUIRE(defaults_for(q).schedule == "constant");
  REQUIRE_FALSE(defaults_for(q).mean);
  REQUIRE(defaults_for(q).l1 == 1);
  q.optimizer = "sgd";
  REQUIRE(defaults_for(q).rate == Approx(0.04));
  q.model.kind = Kind::linear;
  REQUIRE(defaults_for(q).rate == Approx(0.01));
  REQUIRE(defaults_for(q).l2 == 0);
  q.optimizer = "adagrad";
  REQUIRE(defaults_for(q).rate == 0.5);
}
