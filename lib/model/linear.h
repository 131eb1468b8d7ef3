// The linear family: one linear map, three losses.
//
//   z = W x + b        W: (K, d) dense, or rows of a table; b: (K)
//
// linear (K = 1): the value; logistic (K = 1): the log-odds; softmax: K
// logits. Losses and derivatives: loss.h. Const; any thread.
#pragma once

#include <vector>

#include "model/model.h"

namespace psmith::model {

class LinearModel final : public Model {
 public:
  // REQUIRES: settings that make_model accepts
  explicit LinearModel(const Settings& settings);

  const std::vector<TensorSpec>& tensors() const override { return tensors_; }
  const std::vector<TableSpec>& tables() const override { return tables_; }
  const Settings& settings() const override { return settings_; }

  void predict(const tensor::Batch& batch, const Parameters& weights,
               std::span<float> raw) const override;
  void loss_and_gradient(const tensor::Batch& batch, const Parameters& weights,
                         const GradientRef& gradient,
                         Sums& sums) const override;

 private:
  Settings settings_;
  std::vector<TensorSpec> tensors_;
  std::vector<TableSpec> tables_;
};

}  // namespace psmith::model
