#include "model/linear.h"

#include "base/check.h"
#include "model/dense.h"
#include "model/loss.h"
#include "model/sparse.h"

namespace psmith::model {
namespace {

DenseShape shape_of(const tensor::Batch& batch, std::size_t output_count) {
  return {.row_count = batch.row_count,
          .column_count = batch.column_count,
          .output_count = output_count};
}

}  // namespace

LinearModel::LinearModel(const Settings& settings) : settings_(settings) {
  const std::size_t K = settings.output_count();
  if (settings.dense) {
    tensors_ = {{"weight", K, static_cast<std::size_t>(settings.column_count)},
                {"bias", K, 1}};
  } else {
    tensors_ = {{"bias", K, 1}};
    tables_ = {{"weight", settings.output_count()}};
  }
}

void LinearModel::predict(const tensor::Batch& batch, const Parameters& weights,
                          std::span<float> raw) const {
  const std::size_t K = settings_.output_count();
  PSM_CHECK(raw.size() == batch.row_count * K, "room for every output");
  if (!settings_.dense) {
    return sparse_outputs(batch, K, weights.table[0], weights.dense[0], raw);
  }
  PSM_CHECK(
      batch.row_count == 0 || batch.column_count == tensors_[0].column_count,
      "rows of the model's width");
  dense_outputs(shape_of(batch, K), batch.x, weights.dense[0], weights.dense[1],
                raw);
}

void LinearModel::loss_and_gradient(const tensor::Batch& batch,
                                    const Parameters& weights,
                                    const GradientRef& gradient,
                                    Sums& sums) const {
  const std::size_t K = settings_.output_count();
  std::vector<float> delta(batch.row_count * K);
  predict(batch, weights, delta);
  losses_to_deltas(settings_.kind, batch, K, delta, sums);
  if (settings_.dense) {
    add_dense_gradient(shape_of(batch, K), batch.x, delta, gradient.dense[0]);
  } else {
    add_sparse_gradient(batch, K, delta, gradient.table[0]);
  }
  const auto bias = gradient.dense[settings_.dense ? 1 : 0];
  for (std::size_t r = 0; r < batch.row_count; ++r) {
    for (std::size_t k = 0; k < K; ++k) bias[k] += delta[r * K + k];
  }
}

}  // namespace psmith::model
