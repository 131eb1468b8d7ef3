#include "model/linear.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "tests/model/problem.h"

using namespace psmith;
using namespace psmith::model;

namespace {

std::vector<Settings> every_model() {
  std::vector<Settings> out;
  for (const bool dense : {true, false}) {
    const std::uint64_t d = dense ? 21 : 0;
    out.push_back({Kind::linear, dense, d, 0});
    out.push_back({Kind::logistic, dense, d, 0});
    for (const std::uint32_t K : {2U, 3U, 8U, 13U}) {
      out.push_back({Kind::softmax, dense, d, K});
    }
  }
  return out;
}

double loss_of(const Model& model, const Problem& p) {
  return gradient_of(model, p, p.batch()).sums[Sums::loss];
}

// Central differences in every weight, of w; the loss is a double.
void check_gradient(const Model& model, Problem& p, std::vector<float>& w,
                    const std::vector<float>& gradient) {
  REQUIRE(w.size() == gradient.size());
  for (std::size_t i = 0; i < w.size(); ++i) {
    const float at = w[i];
    const float h = 0.01F;
    w[i] = at + h;
    const double up = w[i], above = loss_of(model, p);
    w[i] = at - h;
    const double down = w[i], below = loss_of(model, p);
    w[i] = at;
    INFO("weight " << i);
    REQUIRE(double{gradient[i]} ==
            Approx((above - below) / (up - down)).epsilon(2e-3).margin(2e-3));
  }
}

}  // namespace

TEST_CASE("gradients agree with central differences", "[model]") {
  std::uint64_t seed = 0;
  for (const auto& settings : every_model()) {
    for (const bool weighted : {false, true}) {
      for (const bool ones : {false, true}) {
        if (settings.dense && ones) continue;
        const LinearModel model(settings);
        auto p = make_problem({.settings = settings,
                               .seed = ++seed,
                               .weighted = weighted,
                               .ones = ones,
                               .scale = 0.5});
        INFO(name_of(settings.kind)
             << " dense " << settings.dense << " K " << settings.class_count
             << " weighted " << weighted);
        const auto g = gradient_of(model, p, p.batch());
        for (std::size_t i = 0; i < p.dense.size(); ++i) {
          check_gradient(model, p, p.dense[i], g.dense[i]);
        }
        for (std::size_t i = 0; i < p.table.size(); ++i) {
          check_gradient(model, p, p.table[i], g.table[i]);
        }
      }
    }
  }
}

TEST_CASE("the gradient of a batch is the sum over its rows", "[model]") {
  for (const auto& settings : every_model()) {
    const LinearModel model(settings);
    const auto p =
        make_problem({.settings = settings, .rows = 33, .weighted = true});
    const auto whole = gradient_of(model, p, p.batch());
    Gradient sum;
    for (std::size_t r = 0; r < p.row_count; ++r) {
      const auto one = gradient_of(model, p, row_of(p, r));
      if (r == 0) {
        sum = one;
        continue;
      }
      for (std::size_t i = 0; i < one.dense.size(); ++i) {
        for (std::size_t j = 0; j < one.dense[i].size(); ++j) {
          sum.dense[i][j] += one.dense[i][j];
        }
      }
      for (std::size_t i = 0; i < one.table.size(); ++i) {
        for (std::size_t j = 0; j < one.table[i].size(); ++j) {
          sum.table[i][j] += one.table[i][j];
        }
      }
      sum.sums.add(one.sums);
    }
    for (std::size_t f = 0; f < Sums::count_; ++f) {
      REQUIRE(whole.sums.value[f] == Approx(sum.sums.value[f]));
    }
    const auto near = [](const auto& a, const auto& b) {
      for (std::size_t i = 0; i < a.size(); ++i) {
        for (std::size_t j = 0; j < a[i].size(); ++j) {
          REQUIRE(a[i][j] == Approx(b[i][j]).epsilon(1e-4).margin(1e-4));
        }
      }
    };
    near(whole.dense, sum.dense);
    near(whole.table, sum.table);
  }
}

TEST_CASE("a row has the same outputs in whatever batch it comes", "[model]") {
  for (const auto& settings : every_model()) {
    const LinearModel model(settings);
    const auto p = make_problem({.settings = settings, .rows = 29});
    const auto K = settings.output_count();
    const auto all = raw_of(model, p, p.batch());
    for (std::size_t r = 0; r < p.row_count; ++r) {
      const auto one = raw_of(model, p, row_of(p, r));
      REQUIRE(std::memcmp(one.data(), all.data() + r * K, K * 4) == 0);
    }
  }
}

TEST_CASE("repeated and differently aligned calls give the same bits",
          "[model]") {
  for (const auto& settings : every_model()) {
    const LinearModel model(settings);
    const auto p =
        make_problem({.settings = settings, .rows = 41, .weighted = true});
    const auto first = gradient_of(model, p, p.batch());
    REQUIRE(gradient_of(model, p, p.batch()).dense == first.dense);
    for (std::size_t shift = 1; shift < 8; ++shift) {
      auto moved = p;
      auto batch = p.batch();
      // The same rows at another address.
      std::vector<float> x(shift), value(shift);
      x.insert(x.end(), p.x.begin(), p.x.end());
      value.insert(value.end(), p.value.begin(), p.value.end());
      if (settings.dense) batch.x = std::span(x).subspan(shift);
      if (!settings.dense) batch.value = std::span(value).subspan(shift);
      const auto again = gradient_of(model, moved, batch);
      REQUIRE(again.dense == first.dense);
      REQUIRE(again.table == first.table);
      REQUIRE(again.sums.value == first.sums.value);
    }
  }
}

TEST_CASE("gradients are added to what is there", "[model]") {
  const Settings settings{Kind::linear, true, 1, 0};
  const LinearModel model(settings);
  const std::vector<float> w{1}, b{0}, x{2}, y{0};
  std::vector<float> gw{100}, gb{10};
  const Views weights{w, b};
  const std::vector<std::span<float>> out{gw, gb};
  Sums sums;
  tensor::Batch batch;
  batch.row_count = 1;
  batch.label = y;
  batch.column_count = 1;
  batch.x = x;
  model.loss_and_gradient(batch, {.dense = weights, .table = {}},
                          {.dense = out, .table = {}}, sums);
  REQUIRE(gw[0] == 104);
  REQUIRE(gb[0] == 12);
  REQUIRE(sums[Sums::loss] == 2);
}

TEST_CASE("a row of weight 0 leaves no trace but its count", "[model]") {
  for (const auto& settings : every_model()) {
    const LinearModel model(settings);
    auto p = make_problem({.settings = settings, .weighted = true});
    std::fill(p.weight.begin(), p.weight.end(), 0.0F);
    for (auto& w : p.dense.back()) w = std::numeric_limits<float>::max();
    const auto g = gradient_of(model, p, p.batch());
    REQUIRE(g.sums[Sums::rows] == 7);
    REQUIRE(g.sums[Sums::weight] == 0);
    REQUIRE(g.sums[Sums::loss] == 0);
    for (const auto& list : {g.dense, g.table}) {
      for (const auto& tensor : list) {
        for (const float v : tensor) REQUIRE(v == 0);
      }
    }
  }
}

TEST_CASE("huge margins give finite losses and gradients", "[model]") {
  for (const auto& settings : every_model()) {
    if (settings.kind == Kind::linear) continue;
    const LinearModel model(settings);
    const auto p = make_problem({.settings = settings, .scale = 1e30});
    const auto g = gradient_of(model, p, p.batch());
    REQUIRE(std::isfinite(g.sums[Sums::loss]));
    for (const auto& list : {g.dense, g.table}) {
      for (const auto& tensor : list) {
        for (const float v : tensor) REQUIRE(std::isfinite(v));
      }
    }
  }
}

TEST_CASE("an empty batch is allowed", "[model]") {
  for (const auto& settings : every_model()) {
    const LinearModel model(settings);
    auto p = make_problem({.settings = settings, .rows = 0});
    const auto g = gradient_of(model, p, p.batch());
    REQUIRE(g.sums[Sums::rows] == 0);
  }
}
