#include "infer/order.h"

#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "base/rng.h"

using namespace psmith;
using namespace psmith::infer;

TEST_CASE("answers leave in the order the questions came", "[infer]") {
  Order<int> order(3);
  REQUIRE(order.ask() == 0);
  REQUIRE(order.ask() == 1);
  REQUIRE(order.ask() == 2);
  REQUIRE(order.answer(2, 12));
  REQUIRE_FALSE(order.next());
  REQUIRE(order.answer(0, 10));
  REQUIRE(order.next() == 10);
  REQUIRE_FALSE(order.next());
  REQUIRE(order.answer(1, 11));
  REQUIRE(order.next() == 11);
  REQUIRE(order.next() == 12);
  REQUIRE(order.idle());
}

TEST_CASE("a held back answer keeps its place in the window", "[infer]") {
  Order<int> order(2);
  order.ask();
  order.ask();
  REQUIRE_FALSE(order.open());
  REQUIRE(order.answer(1, 1));
  REQUIRE_FALSE(order.open());
  REQUIRE(order.answer(0, 0));
  REQUIRE(order.next() == 0);
  REQUIRE(order.open());
  REQUIRE(order.ask() == 2);
}

TEST_CASE("a second answer, and an answer to nothing, are refused", "[infer]") {
  Order<int> order(2);
  REQUIRE_FALSE(order.answer(0, 1));
  order.ask();
  REQUIRE(order.answer(0, 1));
  REQUIRE_FALSE(order.answer(0, 2));
  REQUIRE_FALSE(order.answer(1, 2));
  REQUIRE(order.next() == 1);
  REQUIRE_FALSE(order.answer(0, 3));
  REQUIRE(order.idle());
}

TEST_CASE("answers that cannot be copied are moved", "[infer]") {
  Order<std::unique_ptr<int>> order(1);
  order.ask();
  REQUIRE(order.answer(0, std::make_unique<int>(7)));
  REQUIRE(**order.next() == 7);
}

TEST_CASE("any order of arrival gives one order of leaving", "[infer]") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    Rng rng(seed);
    Order<std::uint64_t> order(1 + static_cast<std::size_t>(rng.below(9)));
    std::vector<std::uint64_t> open, left;
    while (left.size() < 100) {
      if (order.open() && rng.below(2) == 0) open.push_back(order.ask());
      if (!open.empty()) {
        const auto pick = static_cast<std::size_t>(rng.below(open.size()));
        REQUIRE(order.answer(open[pick], open[pick]));
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(pick));
      }
      while (const auto value = order.next()) left.push_back(*value);
    }
    for (std::size_t i = 0; i < left.size(); ++i) REQUIRE(left[i] == i);
  }
}
