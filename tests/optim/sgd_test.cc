#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "optim/optimizer.h"

using namespace psmith::optim;

namespace {

float step(const Settings& s, float w, float g, double rate, bool regularise) {
  const auto sgd = make_optimizer(s).value(1);
  sgd->apply({.weight = &w, .slot = {}, .gradient = &g, .size = 1}, rate,
             regularise);
  return w;
}

}  // namespace

TEST_CASE("sgd steps against the gradient, with l2 in it", "[optim]") {
  REQUIRE(step({.rule = Rule::sgd}, 1.0F, 0.5F, 0.1, true) == Approx(0.95));
  REQUIRE(step({.rule = Rule::sgd, .l2 = 2}, 1.0F, 0.5F, 0.1, true) ==
          Approx(0.75));
}

TEST_CASE("the l1 of sgd gives exact zeros", "[optim]") {
  const Settings settings{.rule = Rule::sgd, .l1 = 3};
  REQUIRE(step(settings, 1.0F, 0, 0.1, true) == Approx(0.7));
  REQUIRE(step(settings, -1.0F, 0, 0.1, true) == Approx(-0.7));
  REQUIRE(step(settings, 0.2F, 0, 0.1, true) == 0);
}

TEST_CASE("a bias is not regularised by sgd", "[optim]") {
  const Settings settings{.rule = Rule::sgd, .l1 = 3, .l2 = 2};
  REQUIRE(step(settings, 1.0F, 0, 0.1, false) == 1.0F);
}

TEST_CASE("sgd has no slots", "[optim]") {
  REQUIRE(make_optimizer({.rule = Rule::sgd}).value(1)->slot_count() == 0);
}
