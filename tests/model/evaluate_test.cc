#include "model/evaluate.h"

#include <catch2/catch.hpp>
#include <vector>

#include "tests/model/problem.h"

using namespace psmith;
using namespace psmith::model;

TEST_CASE("an evaluation has the sums of a training step", "[model]") {
  for (const auto kind : {Kind::linear, Kind::logistic, Kind::softmax}) {
    for (const bool dense : {true, false}) {
      const Settings settings{kind, dense, dense ? 9U : 0U,
                              kind == Kind::softmax ? 4U : 0U};
      const auto model = make_model(settings).value(1);
      const auto p =
          make_problem({.settings = settings, .rows = 40, .weighted = true});
      const Views weights(p.dense.begin(), p.dense.end());
      const Views table(p.table.begin(), p.table.end());
      Sums sums;
      Curve curve;
      evaluate(*model, p.batch(), {.dense = weights, .table = table}, sums,
               curve);
      REQUIRE(sums.value == gradient_of(*model, p, p.batch()).sums.value);
      REQUIRE(curve.empty() == (kind != Kind::logistic));
    }
  }
}

TEST_CASE("the curve of an evaluation holds every weight", "[model]") {
  const Settings settings{Kind::logistic, true, 5, 0};
  const auto model = make_model(settings).value(1);
  const auto p =
      make_problem({.settings = settings, .rows = 64, .weighted = true});
  const Views weights(p.dense.begin(), p.dense.end());
  Sums sums;
  Curve curve;
  evaluate(*model, p.batch(), {.dense = weights, .table = {}}, sums, curve);
  const auto flat = curve.to_flat();
  double total = 0;
  for (std::size_t i = 0; i < flat.size(); i += 3) {
    total += flat[i + 1] + flat[i + 2];
  }
  REQUIRE(total == sums[Sums::weight]);
}
