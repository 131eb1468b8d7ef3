#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "optim/optimizer.h"

using namespace psmith::optim;

TEST_CASE("the first step of adagrad has the length of the rate", "[optim]") {
  const auto adagrad =
      make_optimizer({.rule = Rule::adagrad, .beta = 0}).value(1);
  std::array<float, 3> w{}, n{};
  const std::array<float, 3> g{1e-6F, -5.0F, 1e6F};
  adagrad->apply(
      {.weight = w.data(), .slot = {n.data()}, .gradient = g.data(), .size = 3},
      0.25, true);
  REQUIRE(w[0] == Approx(-0.25));
  REQUIRE(w[1] == Approx(0.25));
  REQUIRE(w[2] == Approx(-0.25));
  REQUIRE(n[1] == 25.0F);
}

TEST_CASE("the l1 of adagrad gives exact zeros, but not to a bias", "[optim]") {
  const auto adagrad =
      make_optimizer({.rule = Rule::adagrad, .beta = 1, .l1 = 100}).value(1);
  std::array<float, 1> w{0.5F}, n{}, g{0.1F};
  const Run run{
      .weight = w.data(), .slot = {n.data()}, .gradient = g.data(), .size = 1};
  adagrad->apply(run, 0.1, false);
  REQUIRE(w[0] > 0.4F);
  adagrad->apply(run, 0.1, true);
  REQUIRE(w[0] == 0);
}
