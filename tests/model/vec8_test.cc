#include "model/vec8.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

using namespace psmith::model;

TEST_CASE("exp_of is exact to a few units of the last place", "[model]") {
  double worst = 0;
  for (float x = -87.2F; x <= 20.0F; x += 0.00371F) {
    const double e = std::exp(double{x});
    worst = std::max(worst, std::abs(double{exp_of(splat(x))[3]} - e) / e);
  }
  REQUIRE(worst < 0x1p-22);
  REQUIRE(exp_of(splat(0))[0] == 1.0F);
}

TEST_CASE("exp_of ends in 0 and passes a NaN on", "[model]") {
  const float inf = std::numeric_limits<float>::infinity();
  REQUIRE(exp_of(splat(-inf))[0] == 0.0F);
  REQUIRE(exp_of(splat(-1e30F))[7] == 0.0F);
  REQUIRE(std::isnan(exp_of(splat(std::nanf("")))[0]));
}

TEST_CASE("parts of a vector leave the rest alone", "[model]") {
  std::vector<float> from{1, 2, 3, 4, 5, 6, 7, 8};
  for (std::size_t n = 1; n < kLanes; ++n) {
    const Vec8 v = load_part(from.data(), n);
    std::vector<float> to(kLanes, -1.0F);
    store_part(to.data(), v, n);
    for (std::size_t i = 0; i < kLanes; ++i) {
      REQUIRE(v[i] == (i < n ? from[i] : 0.0F));
      REQUIRE(to[i] == (i < n ? from[i] : -1.0F));
    }
  }
  REQUIRE(sum_of(load(from.data())) == 36.0F);
}
