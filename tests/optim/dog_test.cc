#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "optim/optimizer.h"
#include "optim/rate.h"

using namespace psmith::optim;

namespace {

// Minimises 1/2 sum_i (x_i w_i - y_i)^2 from 0, exactly.
std::vector<float> solve(const std::vector<double>& x,
                         const std::vector<double>& y, int steps) {
  const Settings settings{
      .rule = Rule::dog, .schedule = Schedule::cosine, .rate = 1, .beta = 0.1};
  const auto dog = make_optimizer(settings).value(1);
  const std::size_t size = x.size();
  std::vector<float> w(size), g(size);
  std::array<std::vector<float>, kSlotMax> slot;
  Run run{.weight = w.data(), .slot = {}, .gradient = g.data(), .size = size};
  for (std::size_t s = 0; s < dog->slot_count(); ++s) {
    slot[s].assign(size, dog->slot_init());
    run.slot[s] = slot[s].data();
  }
  for (int t = 0; t < steps; ++t) {
    for (std::size_t i = 0; i < size; ++i) {
      g[i] = static_cast<float>(x[i] * (x[i] * double{w[i]} - y[i]));
    }
    dog->apply(run,
               rate_at(settings, static_cast<std::uint64_t>(t),
                       static_cast<std::uint64_t>(steps)),
               true);
  }
  return w;
}

}  // namespace

TEST_CASE("dog finds the scale of features and labels by itself", "[optim]") {
  const std::vector<double> x{1, 1, 1, 300, 300, 0.01, 0.01, 1000};
  const std::vector<double> y{1, 1e5, -1e-4, 1, 1e4, 1, -0.1, 1e-2};
  const auto w = solve(x, y, 1000);
  for (std::size_t i = 0; i < x.size(); ++i) {
    INFO("feature " << x[i] << " label " << y[i]);
    REQUIRE(double{w[i]} * x[i] / y[i] == Approx(1).epsilon(1e-3));
  }
}

TEST_CASE("a step of dog is at most the rate times the distance", "[optim]") {
  const auto dog =
      make_optimizer({.rule = Rule::dog, .rate = 1, .beta = 0.1}).value(1);
  std::array<float, 1> w{}, n{}, D{}, t{};
  float furthest = 0.1F;
  for (int step = 0; step < 50; ++step) {
    const float g = step % 7 == 0 ? 1e18F : -1e-10F;
    const float before = w[0];
    dog->apply({.weight = w.data(),
                .slot = {n.data(), D.data(), t.data()},
                .gradient = &g,
                .size = 1},
               1, true);
    REQUIRE(std::abs(w[0] - before) <= furthest * 1.001F);
    furthest = std::max(furthest, std::abs(w[0]));
  }
}

TEST_CASE("a bias is not regularised by dog", "[optim]") {
  const auto dog =
      make_optimizer({.rule = Rule::dog, .l1 = 1e9, .l2 = 1}).value(1);
  std::array<float, 1> w{0.5F}, n{}, D{}, t{}, g{0.001F};
  const Run run{.weight = w.data(),
                .slot = {n.data(), D.data(), t.data()},
                .gradient = g.data(),
                .size = 1};
  dog->apply(run, 0.1, false);
  REQUIRE(w[0] > 0.4F);
  dog->apply(run, 0.1, true);
  REQUIRE(w[0] == 0);
}
