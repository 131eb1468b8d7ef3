#include "model/metric.h"

#include <cmath>

#include "model/model.h"

namespace psmith::model {

double Sums::rmse() const {
  return value[weight] > 0 ? std::sqrt(value[squared_error] / value[weight])
                           : 0;
}

std::vector<Metric> metrics_of(Kind kind, const Sums& sums,
                               std::optional<double> auc) {
  if (kind == Kind::linear) {
    return {{"rmse", sums.rmse()}, {"loss", sums.mean_loss()}};
  }
  std::vector<Metric> metrics{{"accuracy", sums.accuracy()},
                              {"logloss", sums.mean_loss()}};
  if (kind == Kind::logistic && auc && std::isfinite(*auc)) {
    metrics.push_back({"auc", *auc});
  }
  return metrics;
}

}  // namespace psmith::model
