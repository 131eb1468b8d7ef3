#include "optim/optimizer.h"

#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "optim/rate.h"

using namespace psmith;
using namespace psmith::optim;

namespace {

constexpr std::size_t kSize = 8;
constexpr std::uint64_t kSteps = 1000;

struct State {
  State(const Optimizer& o, std::size_t size) : weight(size) {
    for (std::size_t s = 0; s < o.slot_count(); ++s) {
      slot.emplace_back(size, o.slot_init());
    }
  }
  void apply(const Optimizer& o, const std::vector<float>& g, double rate,
             bool regularise = true) {
    Run run{.weight = weight.data(),
            .slot = {},
            .gradient = g.data(),
            .size = weight.size()};
    for (std::size_t s = 0; s < slot.size(); ++s) run.slot[s] = slot[s].data();
    o.apply(run, rate, regularise);
  }
  std::vector<float> weight;
  std::vector<std::vector<float>> slot;
};

// The gradient of tests/golden/optimizers.py.
std::vector<float> gradient_at(std::uint64_t t, const std::vector<float>& w) {
  std::vector<float> g;
  for (std::size_t i = 0; i < w.size(); ++i) {
    const auto x = static_cast<double>(i);
    const double b = (x + 1) / 2 * (i % 2 == 1 ? -1 : 1);
    g.push_back(
        static_cast<float>((0.5 + x / 4) * (double{w[i]} - b) +
                           0.3 * std::sin(0.7 * static_cast<double>(t) + x)));
  }
  return g;
}

struct Case {
  Settings settings;
  bool regularise = true;
};

Case read_case(const std::string& line) {
  std::istringstream in(line);
  std::string rule, schedule;
  Case out;
  auto& s = out.settings;
  in >> rule >> schedule >> s.rate >> s.beta >> s.l1 >> s.l2 >> out.regularise;
  s.rule = rule_of(rule).value(1);
  s.schedule = schedule_of(schedule).value(1);
  return out;
}

}  // namespace

TEST_CASE("every rule follows an independent program for 1000 steps",
          "[optim]") {
  std::ifstream file(PSMITH_SOURCE_DIR "/tests/golden/optimizers.txt");
  std::string line;
  std::size_t cases = 0;
  REQUIRE(std::getline(file, line));
  while (!line.empty()) {
    const auto [settings, regularise] = read_case(line);
    INFO(line);
    ++cases;
    // The distance of dog feeds back: rounding grows before it dies out.
    const double bound = settings.rule == Rule::dog ? 1e-3 : 2e-5;
    const auto optimizer = make_optimizer(settings).value(1);
    State state(*optimizer, kSize);
    std::uint64_t done = 0;
    while (std::getline(file, line) && std::isdigit(line[0]) != 0) {
      std::istringstream in(line);
      std::uint64_t step = 0;
      in >> step;
      for (; done < step; ++done) {
        state.apply(*optimizer, gradient_at(done, state.weight),
                    rate_at(settings, done, kSteps), regularise);
      }
      for (std::size_t i = 0; i < kSize; ++i) {
        double expected = 0;
        REQUIRE(in >> expected);
        INFO("step " << step << " weight " << i);
        REQUIRE(double{state.weight[i]} ==
                Approx(expected).epsilon(bound).margin(bound));
      }
    }
    REQUIRE(done == kSteps);
    if (!file) line.clear();
  }
  REQUIRE(cases == 8);
}

TEST_CASE("an update is the same wherever a run begins and ends", "[optim]") {
  for (const auto rule : {Rule::sgd, Rule::adagrad, Rule::ftrl, Rule::dog}) {
    const Settings settings{
        .rule = rule, .rate = 0.3, .beta = 0.5, .l1 = 0.01, .l2 = 0.1};
    const auto optimizer = make_optimizer(settings).value(1);
    State whole(*optimizer, 37), pieces(*optimizer, 37);
    for (std::uint64_t t = 0; t < 20; ++t) {
      const auto g = gradient_at(t, whole.weight);
      whole.apply(*optimizer, g, 0.3);
      for (std::size_t at = 0; at < 37;) {
        const std::size_t n = std::min<std::size_t>(1 + at % 5, 37 - at);
        Run run{.weight = pieces.weight.data() + at,
                .slot = {},
                .gradient = g.data() + at,
                .size = n};
        for (std::size_t s = 0; s < optimizer->slot_count(); ++s) {
          run.slot[s] = pieces.slot[s].data() + at;
        }
        optimizer->apply(run, 0.3, true);
        at += n;
      }
      REQUIRE(whole.weight == pieces.weight);
    }
  }
}

TEST_CASE("a weight without a gradient does not move", "[optim]") {
  for (const auto rule : {Rule::sgd, Rule::adagrad, Rule::ftrl, Rule::dog}) {
    const auto optimizer =
        make_optimizer({.rule = rule, .rate = 1, .beta = 0}).value(1);
    State state(*optimizer, 3);
    state.apply(*optimizer, {0, 0, 0}, 1);
    REQUIRE(state.weight == std::vector<float>{0, 0, 0});
    state.apply(*optimizer, {1e-30F, 1e-23F, 1}, 1);
    for (const float w : state.weight) REQUIRE(std::abs(w) <= 1.01F);
  }
}

TEST_CASE("a mean is the sum with another rate for sgd only", "[optim]") {
  const auto sgd = make_optimizer({.rule = Rule::sgd}).value(1);
  State sum(*sgd, 1), mean(*sgd, 1);
  sum.apply(*sgd, {8.0F}, 0.125);
  mean.apply(*sgd, {1.0F}, 1.0);
  REQUIRE(sum.weight == mean.weight);

  const auto adagrad =
      make_optimizer({.rule = Rule::adagrad, .beta = 0}).value(1);
  State scaled(*adagrad, 1), plain(*adagrad, 1);
  scaled.apply(*adagrad, {8.0F}, 0.1);
  plain.apply(*adagrad, {1.0F}, 0.1);
  REQUIRE(scaled.weight == plain.weight);  // the scale of g cancels
}

TEST_CASE("settings out of range are refused by name", "[optim]") {
  const auto text = [](const Settings& s) {
    auto made = make_optimizer(s);
    REQUIRE_FALSE(made);
    return made.error().message;
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  REQUIRE(text({.rate = 0}).find("rate") == 0);
  REQUIRE(text({.rate = -1}).find("rate") == 0);
  REQUIRE(text({.rate = nan}).find("rate") == 0);
  REQUIRE(text({.rate = 1e300}).find("rate") == 0);
  REQUIRE(text({.beta = -1}).find("beta") == 0);
  REQUIRE(text({.l1 = -1}).find("l1") == 0);
  REQUIRE(text({.l2 = nan}).find("l2") == 0);
  REQUIRE(text({.rule = static_cast<Rule>(9)}).find("optimizer 9") == 0);
  REQUIRE(text({.schedule = static_cast<Schedule>(9)}).find("schedule") == 0);
  REQUIRE(
      text({.rule = Rule::ftrl, .schedule = Schedule::cosine}).find("ftrl") ==
      0);
}

TEST_CASE("rules and schedules have names, both ways", "[optim]") {
  for (const auto rule : {Rule::sgd, Rule::adagrad, Rule::ftrl, Rule::dog}) {
    REQUIRE(*rule_of(name_of(rule)) == rule);
  }
  for (const auto schedule :
       {Schedule::constant, Schedule::linear, Schedule::cosine}) {
    REQUIRE(*schedule_of(name_of(schedule)) == schedule);
  }
  auto rule = rule_of("adam");
  REQUIRE_FALSE(rule);
  REQUIRE(rule.error().message.find("sgd, adagrad, ftrl, dog") !=
          std::string::npos);
  REQUIRE_FALSE(schedule_of("step"));
}
