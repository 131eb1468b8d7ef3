#include "model/sparse.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "tests/model/problem.h"

using namespace psmith;
using namespace psmith::model;

TEST_CASE("sparse products agree with plain loops", "[model]") {
  for (const std::uint32_t K : {1U, 2U, 7U, 8U, 20U}) {
    for (const bool ones : {false, true}) {
      const Settings settings{K == 1 ? Kind::linear : Kind::softmax, false, 0,
                              K == 1 ? 0 : K};
      const auto p = make_problem({.settings = settings, .ones = ones});
      const auto batch = p.batch();
      std::vector<float> raw(p.row_count * K), delta(p.row_count * K);
      std::vector<float> g(p.key.size() * K, 1.0F);
      for (std::size_t i = 0; i < delta.size(); ++i) {
        delta[i] = static_cast<float>(std::sin(static_cast<double>(i)));
      }
      sparse_outputs(batch, K, p.table[0], p.dense[0], raw);
      add_sparse_gradient(batch, K, delta, g);
      std::vector<double> sum(g.size(), 1);
      for (std::size_t r = 0; r < p.row_count; ++r) {
        for (std::size_t k = 0; k < K; ++k) {
          double z = double{p.dense[0][k]};
          for (auto i = p.row_begin[r]; i < p.row_begin[r + 1]; ++i) {
            const double v = ones ? 1 : double{p.value[i]};
            const auto at = p.local[i] * std::size_t{K} + k;
            z += v * double{p.table[0][at]};
            sum[at] += v * double{delta[r * K + k]};
          }
          REQUIRE(double{raw[r * K + k]} == Approx(z).margin(1e-5));
        }
      }
      for (std::size_t i = 0; i < g.size(); ++i) {
        REQUIRE(double{g[i]} == Approx(sum[i]).margin(1e-5));
      }
    }
  }
}

TEST_CASE("a value of 1 is the same stored or left out", "[model]") {
  auto p =
      make_problem({.settings = {Kind::softmax, false, 0, 5}, .ones = true});
  std::vector<float> without(p.row_count * 5), with(p.row_count * 5);
  sparse_outputs(p.batch(), 5, p.table[0], p.dense[0], without);
  p.value.assign(p.local.size(), 1.0F);
  sparse_outputs(p.batch(), 5, p.table[0], p.dense[0], with);
  REQUIRE(with == without);
}
