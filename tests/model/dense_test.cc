#include "model/dense.h"

#include <catch2/catch.hpp>
#include <vector>

#include "base/rng.h"

using namespace psmith;
using namespace psmith::model;

namespace {

std::vector<float> random_floats(Rng& rng, std::size_t n) {
  std::vector<float> out(n);
  for (auto& x : out) x = static_cast<float>(rng.normal());
  return out;
}

}  // namespace

TEST_CASE("dense products agree with plain loops at every size", "[model]") {
  Rng rng(3);
  for (const std::size_t B : {1U, 3U, 4U, 9U, 130U}) {
    for (const std::size_t d : {1U, 7U, 8U, 15U, 16U, 17U, 40U}) {
      for (const std::size_t K : {1U, 2U, 3U, 4U, 5U, 11U}) {
        const DenseShape shape{
            .row_count = B, .column_count = d, .output_count = K};
        const auto x = random_floats(rng, B * d);
        const auto w = random_floats(rng, K * d);
        const auto b = random_floats(rng, K);
        const auto delta = random_floats(rng, B * K);
        std::vector<float> raw(B * K), g(K * d, 1.0F);
        dense_outputs(shape, x, w, b, raw);
        add_dense_gradient(shape, x, delta, g);
        double worst = 0;
        for (std::size_t r = 0; r < B; ++r) {
          for (std::size_t k = 0; k < K; ++k) {
            double z = double{b[k]};
            for (std::size_t c = 0; c < d; ++c) {
              z += double{x[r * d + c]} * double{w[k * d + c]};
            }
            worst = std::max(worst, std::abs(z - double{raw[r * K + k]}));
          }
        }
        for (std::size_t k = 0; k < K; ++k) {
          for (std::size_t c = 0; c < d; ++c) {
            double sum = 1;
            for (std::size_t r = 0; r < B; ++r) {
              sum += double{delta[r * K + k]} * double{x[r * d + c]};
            }
            worst = std::max(worst, std::abs(sum - double{g[k * d + c]}));
          }
        }
        INFO("B " << B << " d " << d << " K " << K);
        REQUIRE(worst < 1e-4);
      }
    }
  }
}
