#include "model/metric.h"

#include <catch2/catch.hpp>
#include <limits>

#include "model/model.h"

using namespace psmith::model;

namespace {

Sums some_sums() {
  Sums sums;
  sums[Sums::weight] = 4;
  sums[Sums::loss] = 2;
  sums[Sums::rows] = 3;
  sums[Sums::correct] = 3;
  sums[Sums::squared_error] = 36;
  return sums;
}

}  // namespace

TEST_CASE("metrics divide by the weight", "[model]") {
  const auto sums = some_sums();
  REQUIRE(sums.mean_loss() == 0.5);
  REQUIRE(sums.accuracy() == 0.75);
  REQUIRE(sums.rmse() == 3);
  auto twice = sums;
  twice.add(sums);
  REQUIRE(twice.rmse() == 3);
  REQUIRE(twice[Sums::rows] == 6);
}

TEST_CASE("nothing seen is no division by zero", "[model]") {
  const Sums none;
  REQUIRE(none.mean_loss() == 0);
  REQUIRE(none.accuracy() == 0);
  REQUIRE(none.rmse() == 0);
}

TEST_CASE("each kind of model names its own metrics", "[model]") {
  const auto sums = some_sums();
  const auto linear = metrics_of(Kind::linear, sums);
  REQUIRE(linear.size() == 2);
  REQUIRE(linear[0].name == "rmse");
  REQUIRE(linear[1].name == "loss");
  const auto logistic = metrics_of(Kind::logistic, sums, 0.875);
  REQUIRE(logistic.size() == 3);
  REQUIRE(logistic[0].name == "accuracy");
  REQUIRE(logistic[0].value == 0.75);
  REQUIRE(logistic[1].name == "logloss");
  REQUIRE(logistic[2].name == "auc");
  REQUIRE(logistic[2].value == 0.875);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  REQUIRE(metrics_of(Kind::logistic, sums, nan).size() == 2);
  REQUIRE(metrics_of(Kind::softmax, sums, 0.5).size() == 2);
}
