#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "optim/optimizer.h"

using namespace psmith::optim;

namespace {

std::vector<float> run_rule(const Settings& settings, int steps) {
  constexpr std::size_t n = 16;
  const auto optimizer = make_optimizer(settings).value(1);
  std::vector<float> w(n), g(n);
  std::array<std::vector<float>, kSlotMax> slot;
  Run run{.weight = w.data(), .slot = {}, .gradient = g.data(), .size = n};
  for (std::size_t s = 0; s < optimizer->slot_count(); ++s) {
    slot[s].assign(n, optimizer->slot_init());
    run.slot[s] = slot[s].data();
  }
  for (int t = 0; t < steps; ++t) {
    for (std::size_t i = 0; i < n; ++i) {
      const auto x = static_cast<double>(i);
      g[i] = static_cast<float>(0.3 * (double{w[i]} - x + 7) +
                                std::sin(1.3 * t + x));
    }
    optimizer->apply(run, settings.rate, true);
  }
  return w;
}

}  // namespace

TEST_CASE("ftrl without l1 and l2 is adagrad with the same beta", "[optim]") {
  for (const int steps : {1, 10, 1000}) {
    const auto ftrl = run_rule(
        {.rule = Rule::ftrl, .rate = 0.5, .beta = 1, .l1 = 0, .l2 = 0}, steps);
    const auto adagrad = run_rule(
        {.rule = Rule::adagrad, .rate = 0.5, .beta = 1, .l1 = 0, .l2 = 0},
        steps);
    for (std::size_t i = 0; i < ftrl.size(); ++i) {
      REQUIRE(ftrl[i] == Approx(adagrad[i]).epsilon(1e-4).margin(1e-5));
    }
  }
}

TEST_CASE("the l1 of ftrl holds weights at zero until the sum speaks",
          "[optim]") {
  const auto ftrl =
      make_optimizer({.rule = Rule::ftrl, .rate = 0.1, .l1 = 1}).value(1);
  std::array<float, 1> w{}, z{}, n{}, g{0.4F};
  const Run run{.weight = w.data(),
                .slot = {z.data(), n.data()},
                .gradient = g.data(),
                .size = 1};
  ftrl->apply(run, 0.1, true);
  ftrl->apply(run, 0.1, true);
  REQUIRE(w[0] == 0);
  ftrl->apply(run, 0.1, true);
  REQUIRE(w[0] < 0);
}
