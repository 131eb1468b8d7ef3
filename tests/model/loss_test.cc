#include "model/loss.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

using namespace psmith;
using namespace psmith::model;

namespace {

struct Outcome {
  std::vector<float> delta;
  Sums sums;
};

Outcome outcome(Kind kind, std::vector<float> raw, float label,
                float weight = 1) {
  const std::vector<float> labels{label}, weights{weight};
  tensor::Batch batch;
  batch.row_count = 1;
  batch.label = labels;
  batch.weight = weights;
  Outcome out{std::move(raw), {}};
  const auto K = out.delta.size();
  losses_to_deltas(kind, batch, K, out.delta, out.sums);
  return out;
}

}  // namespace

TEST_CASE("the squared loss is half the square", "[model]") {
  const auto o = outcome(Kind::linear, {3.0F}, 1.0F, 2.0F);
  REQUIRE(o.delta[0] == 4.0F);
  REQUIRE(o.sums[Sums::loss] == 4.0);
  REQUIRE(o.sums[Sums::squared_error] == 8.0);
  REQUIRE(o.sums[Sums::weight] == 2.0);
  REQUIRE(o.sums[Sums::correct] == 0.0);
}

TEST_CASE("the logistic loss is that of its formula", "[model]") {
  for (const float z : {-30.0F, -2.0F, -0.1F, 0.0F, 0.3F, 5.0F, 30.0F}) {
    const double p = 1 / (1 + std::exp(-double{z}));
    const auto one = outcome(Kind::logistic, {z}, 1.0F);
    const auto zero = outcome(Kind::logistic, {z}, 0.0F);
    REQUIRE(double{one.delta[0]} ==
            Approx(-1 / (1 + std::exp(double{z}))).epsilon(1e-6));
    REQUIRE(double{zero.delta[0]} == Approx(p).epsilon(1e-6));
    REQUIRE(one.sums[Sums::loss] == Approx(std::log1p(std::exp(-double{z}))));
    REQUIRE(one.sums[Sums::correct] == (z > 0 ? 1 : 0));
    REQUIRE(zero.sums[Sums::correct] == (z > 0 ? 0 : 1));
  }
}

TEST_CASE("a wrong logistic answer of huge margin costs its margin",
          "[model]") {
  const auto wrong = outcome(Kind::logistic, {-1e30F}, 1.0F);
  REQUIRE(wrong.sums[Sums::loss] == Approx(1e30));
  REQUIRE(wrong.delta[0] == -1.0F);
  const auto right = outcome(Kind::logistic, {1e30F}, 1.0F);
  REQUIRE(right.sums[Sums::loss] == 0);
  REQUIRE(right.delta[0] == 0.0F);
}

TEST_CASE("softmax agrees with its formula and sums to nothing", "[model]") {
  for (const std::size_t K : {2U, 5U, 8U, 19U}) {
    std::vector<float> z;
    double total = 0;
    for (std::size_t k = 0; k < K; ++k) {
      z.push_back(static_cast<float>(3 * std::sin(static_cast<double>(k))));
      total += std::exp(double{z.back()});
    }
    const auto o = outcome(Kind::softmax, z, 1.0F);
    double sum = 0;
    for (std::size_t k = 0; k < K; ++k) {
      const double p = std::exp(double{z[k]}) / total;
      REQUIRE(double{o.delta[k]} ==
              Approx(p - (k == 1 ? 1 : 0)).epsilon(1e-5).margin(1e-7));
      sum += double{o.delta[k]};
    }
    REQUIRE(std::abs(sum) < 1e-6);
    REQUIRE(o.sums[Sums::loss] ==
            Approx(std::log(total) - double{z[1]}).epsilon(1e-6));
  }
}

TEST_CASE("two classes by softmax are the logistic loss", "[model]") {
  const auto two = outcome(Kind::softmax, {0.25F, 1.5F}, 1.0F, 3.0F);
  const auto one = outcome(Kind::logistic, {1.25F}, 1.0F, 3.0F);
  REQUIRE(two.sums[Sums::loss] == Approx(one.sums[Sums::loss]).epsilon(1e-6));
  REQUIRE(two.delta[1] == Approx(one.delta[0]).epsilon(1e-5));
  REQUIRE(two.sums[Sums::correct] == 3.0);
}

TEST_CASE("equal logits name the first class", "[model]") {
  REQUIRE(outcome(Kind::softmax, {1, 1, 1}, 0).sums[Sums::correct] == 1);
  REQUIRE(outcome(Kind::softmax, {1, 1, 1}, 2).sums[Sums::correct] == 0);
}

TEST_CASE("an overflowed output shows in the loss", "[model]") {
  const float inf = std::numeric_limits<float>::infinity();
  for (const auto kind : {Kind::linear, Kind::logistic}) {
    REQUIRE_FALSE(std::isfinite(outcome(kind, {-inf}, 1).sums[Sums::loss]));
  }
  const auto o = outcome(Kind::softmax, {inf, 0}, 1);
  REQUIRE_FALSE(std::isfinite(o.sums[Sums::loss]));
}

TEST_CASE("losses without derivatives are the same sums", "[model]") {
  const std::vector<float> raw{0.5F, -2.0F, 3.0F, 1.0F}, label{1, 0};
  tensor::Batch batch;
  batch.row_count = 2;
  batch.label = label;
  auto delta = raw;
  Sums with, without;
  losses_to_deltas(Kind::softmax, batch, 2, delta, with);
  add_losses(Kind::softmax, batch, 2, raw, without);
  REQUIRE(with.value == without.value);
}
