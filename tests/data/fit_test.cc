#include "data/fit.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/rng.h"

namespace psmith::data {

TEST_CASE("means and scales do not lose small spreads on large offsets",
          "[data]") {
  ColumnFit fit(3);
  for (int i = 0; i < 1000; ++i) {
    const double z = i % 2 == 0 ? 1 : -1;
    const std::vector<double> row = {1e9 + 1e-3 * z, z, 42};
    fit.add(row);
  }
  std::vector<Column> columns(3);
  fit.finish(columns);
  REQUIRE(columns[0].mean == Approx(1e9));
  REQUIRE(columns[0].scale == Approx(1e-3).epsilon(1e-3));
  REQUIRE(columns[1].mean == Approx(0).margin(1e-12));
  REQUIRE(columns[1].scale == Approx(1));
  REQUIRE(columns[2].mean == 42);
  REQUIRE(columns[2].scale == 1);  // constant
}

TEST_CASE("number labels are counted in order", "[data]") {
  LabelFit fit;
  for (const float label : {2.0F, -1.0F, 2.0F, 0.1F, -0.0F, 0.0F}) {
    fit.add(label);
  }
  const auto values = fit.finish();
  REQUIRE(values.size() == 4);
  REQUIRE(values[0] == LabelValue{"-1", -1, 1});
  REQUIRE(values[1] == LabelValue{"0", 0, 2});
  REQUIRE(values[2] == LabelValue{"0.1", 0.1F, 1});
  REQUIRE(values[3] == LabelValue{"2", 2, 2});
}

TEST_CASE("too many numbers are no classes", "[data]") {
  LabelFit fit;
  for (std::size_t i = 0; i <= kLabelValueMax; ++i) {
    fit.add(static_cast<float>(i));
  }
  REQUIRE(fit.finish().empty());
}

TEST_CASE("text labels are ranked by their bytes", "[data]") {
  LabelFit fit;
  const auto b = *fit.add("b");
  const auto a = *fit.add("a");
  REQUIRE(*fit.add("b") == b);
  const auto values = fit.finish();
  REQUIRE(values[0] == LabelValue{"a", 0, 1});
  REQUIRE(values[1] == LabelValue{"b", 1, 2});
  REQUIRE(fit.rank_of(a) == 0);
  REQUIRE(fit.rank_of(b) == 1);
}

TEST_CASE("too many texts are an error", "[data]") {
  LabelFit fit;
  for (std::size_t i = 0; i < kLabelValueMax; ++i) {
    REQUIRE(fit.add(std::to_string(i)).ok());
  }
  REQUIRE(fit.add("99999").ok());
  REQUIRE(fit.add("one more").error().message ==
          "more than 100000 distinct label texts\n"
          "hint: --label names the label column");
}

TEST_CASE("distinct keys are counted, many of them a little high", "[data]") {
  KeyCount few;
  const std::vector<std::uint64_t> keys = {0, 5, 0, ~std::uint64_t{0}, 5};
  few.add(keys);
  REQUIRE(few.estimate() == 3);
  for (const std::uint64_t n : {65536U, 65537U, 100000U, 1000000U}) {
    KeyCount many;
    for (std::uint64_t i = 0; i < n; ++i) {
      const std::vector<std::uint64_t> one = {i * 3, i};
      many.add(std::span(one).first(1));
    }
    const auto estimate = static_cast<double>(many.estimate());
    REQUIRE(estimate >= static_cast<double>(n));
    REQUIRE(estimate <= 1.15 * static_cast<double>(n));
  }
}

}  // namespace psmith::data
