#include "model/curve.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "base/rng.h"

using namespace psmith;
using namespace psmith::model;

namespace {

struct Scored {
  float score, label;
  double weight;
};

double exact_auc(const std::vector<Scored>& rows) {
  double area = 0, pairs = 0;
  for (const auto& p : rows) {
    for (const auto& n : rows) {
      if (p.label != 1.0F || n.label == 1.0F) continue;
      const double weight = p.weight * n.weight;
      pairs += weight;
      if (p.score > n.score) area += weight;
      if (p.score == n.score) area += 0.5 * weight;
    }
  }
  return area / pairs;
}

Curve curve_of(const std::vector<Scored>& rows) {
  Curve curve;
  for (const auto& row : rows) curve.add(row.score, row.label, row.weight);
  return curve;
}

std::vector<Scored> random_rows(std::size_t n, bool binned) {
  Rng rng(9);
  std::vector<Scored> rows;
  for (std::size_t i = 0; i < n; ++i) {
    const bool one = rng.uniform() < 0.4;
    double score = rng.normal() + (one ? 1 : 0);
    if (binned) score = std::round(score * 4) / 4;  // exact in a bin
    rows.push_back({static_cast<float>(score), one ? 1.0F : 0.0F,
                    static_cast<double>(rng.below(4))});
  }
  return rows;
}

}  // namespace

TEST_CASE("AUC is exact where scores fall into bins of their own", "[model]") {
  const auto rows = random_rows(800, true);
  REQUIRE(curve_of(rows).auc() == Approx(exact_auc(rows)).epsilon(1e-12));
}

TEST_CASE("AUC of any scores is close to the exact one", "[model]") {
  const auto rows = random_rows(1500, false);
  REQUIRE(curve_of(rows).auc() == Approx(exact_auc(rows)).margin(1e-3));
}

TEST_CASE("ties count half, and order matters at the ends", "[model]") {
  REQUIRE(curve_of({{0, 1, 1}, {0, 0, 1}}).auc() == 0.5);
  REQUIRE(curve_of({{-0.0F, 1, 1}, {0.0F, 0, 1}}).auc() == 0.5);
  REQUIRE(curve_of({{1, 1, 1}, {-1, 0, 1}}).auc() == 1);
  REQUIRE(curve_of({{-2, 1, 1}, {-1, 0, 1}}).auc() == 0);
  const float inf = std::numeric_limits<float>::infinity();
  REQUIRE(curve_of({{inf, 1, 1}, {-inf, 0, 1}, {1e38F, 0, 1}}).auc() == 1);
}

TEST_CASE("AUC of one class is not a number", "[model]") {
  REQUIRE(std::isnan(Curve().auc()));
  REQUIRE(std::isnan(curve_of({{1, 1, 1}, {2, 1, 1}}).auc()));
  REQUIRE(std::isnan(curve_of({{1, 1, 1}, {2, 0, 0}}).auc()));
}

TEST_CASE("merged curves are the curve of all rows", "[model]") {
  const auto rows = random_rows(20000, false);
  Curve whole, left, right;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& row = rows[i];
    whole.add(row.score, row.label, row.weight);
    (i < 7000 ? left : right).add(row.score, row.label, row.weight);
  }
  left.merge(right);
  REQUIRE(left.to_flat() == whole.to_flat());  // whole weights: exact sums
  REQUIRE(left.auc() == whole.auc());
  left.merge(Curve());
  REQUIRE(left.to_flat() == whole.to_flat());
}

TEST_CASE("a curve survives the wire", "[model]") {
  const auto curve = curve_of(random_rows(3000, false));
  const auto flat = curve.to_flat();
  REQUIRE(flat.size() % 3 == 0);
  auto back = Curve::from_flat(flat);
  REQUIRE(back);
  REQUIRE(back->to_flat() == flat);
  REQUIRE(Curve::from_flat({})->empty());
}

TEST_CASE("numbers that are no curve are refused", "[model]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  const std::vector<std::vector<double>> bad{
      {1},           {1, 1},       {1, 1, 1, 1},       {-1, 1, 1},
      {65536, 1, 1}, {0.5, 1, 1},  {nan, 1, 1},        {1, -1, 1},
      {1, nan, 1},   {1, 1, inf},  {1, 1, 1, 1, 1, 1}, {2, 1, 1, 1, 1, 1},
      {inf, 1, 1},   {1e300, 1, 1}};
  for (const auto& flat : bad) {
    auto curve = Curve::from_flat(flat);
    REQUIRE_FALSE(curve);
    REQUIRE(curve.error().code == Code::corrupt);
  }
}
