// Metrics as sums that merge: what a micro-batch adds, what a tree joins.
//
// Sums is a fixed vector of doubles that travels with every push and is added
// along the reduction tree, so that a metric has the same bits whoever
// computed it. Curve is the weighted histogram of scores behind AUC.
// Pure; one thread at a time per object.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace psmith::model {

enum class Kind : std::uint8_t;  // model.h

struct Sums {
  enum Field : std::size_t {
    weight,         // sum of row weights
    loss,           // sum of weight * loss
    rows,           // rows seen
    correct,        // sum of weight where the predicted class is the label
    squared_error,  // sum of weight * (prediction - label)^2; regression
    count_
  };
  std::array<double, count_> value{};

  double& operator[](Field field) { return value[field]; }
  double operator[](Field field) const { return value[field]; }
  void add(const Sums& other) {
    for (std::size_t i = 0; i < value.size(); ++i) value[i] += other.value[i];
  }
  double mean_loss() const {
    return value[weight] > 0 ? value[loss] / value[weight] : 0;
  }
  double accuracy() const {
    return value[weight] > 0 ? value[correct] / value[weight] : 0;
  }
  double rmse() const;
};

struct Metric {
  std::string_view name;
  double value = 0;
};

// What a model of this kind is judged by, the main one first:
//   linear    rmse, loss
//   logistic  accuracy, logloss, auc (only if given and a number)
//   softmax   accuracy, logloss
std::vector<Metric> metrics_of(Kind kind, const Sums& sums,
                               std::optional<double> auc = std::nullopt);

}  // namespace psmith::model
