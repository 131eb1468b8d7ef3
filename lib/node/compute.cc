#include "node/compute.h"

#include <algorithm>

#include "base/format.h"
#include "model/evaluate.h"

namespace psmith::node {

using placement::Key;

struct Compute::Buffers {
  data::Shard::Scratch scratch;
  std::vector<float> label;
  std::vector<std::vector<float>> rows;  // by table: this leaf's weights
};

std::vector<Key> Compute::keys(const placement::Step& step,
                               store::Node node) const {
  if (node.size() == 1) {
    data::Shard::Scratch scratch;
    const auto batch = source_.block(step.eval, step.shard,
                                     step.block_begin + node.begin, scratch);
    return {batch.key.begin(), batch.key.end()};
  }
  const auto middle = store::middle_of(node);
  return store::union_of(keys(step, {node.begin, middle}),
                         keys(step, {middle, node.end}));
}

Result<store::Sum> Compute::sum(const Work& work, std::size_t index,
                                store::Node node) const {
  Buffers buffers;
  return subtree(work, index, node, buffers);
}

Result<store::Sum> Compute::subtree(const Work& work, std::size_t index,
                                    store::Node node, Buffers& buffers) const {
  if (node.size() == 1) return leaf(work, index, node.begin, buffers);
  const auto middle = store::middle_of(node);
  PSM_TRY(auto left, subtree(work, index, {node.begin, middle}, buffers));
  PSM_TRY(auto right, subtree(work, index, {middle, node.end}, buffers));
  store::join(left, std::move(right));
  return left;
}

// Labels become class indices.
Status Compute::name_classes(tensor::Batch& batch, Buffers& buffers,
                             const placement::Step& step) const {
  if (classes_.empty()) return Done{};
  buffers.label.resize(batch.row_count);
  for (std::size_t r = 0; r < batch.row_count; ++r) {
    const auto found =
        std::lower_bound(classes_.begin(), classes_.end(), batch.label[r]);
    if (found == classes_.end() || *found != batch.label[r]) {
      return error(
          Code::corrupt, "label {} of {} shard {} is no class of the model",
          batch.label[r], step.eval ? "evaluation" : "training", step.shard);
    }
    buffers.label[r] = static_cast<float>(found - classes_.begin());
  }
  batch.label = buffers.label;
  return Done{};
}

// Labels in the units that the model is trained in.
void Compute::scale_labels(tensor::Batch& batch, Buffers& buffers) const {
  const auto& s = model_.settings();
  if (s.label_mean == 0 && s.label_scale == 1) return;
  buffers.label.resize(batch.row_count);
  for (std::size_t r = 0; r < batch.row_count; ++r) {
    buffers.label[r] = static_cast<float>(
        (double{batch.label[r]} - s.label_mean) / s.label_scale);
  }
  batch.label = buffers.label;
}

// Losses in the labels' own units: both are squares of a distance.
void Compute::scale_sums(model::Sums& sums) const {
  const double square =
      model_.settings().label_scale * model_.settings().label_scale;
  if (square == 1) return;
  sums[model::Sums::loss] *= square;
  sums[model::Sums::squared_error] *= square;
}

Result<store::Sum> Compute::leaf(const Work& work, std::size_t index,
                                 std::uint32_t leaf, Buffers& buffers) const {
  const auto& step = work.step;
  auto batch = source_.block(step.eval, step.shard, step.block_begin + leaf,
                             buffers.scratch);
  PSM_DO(name_classes(batch, buffers, step));
  scale_labels(batch, buffers);
  const auto& tables = model_.tables();
  buffers.rows.resize(tables.size());
  std::vector<std::span<const float>> dense(work.dense.begin(),
                                            work.dense.end());
  std::vector<std::span<const float>> rows;
  for (std::size_t t = 0; t < tables.size(); ++t) {
    // The leaf's keys are a subset of the subtree's, in the same order.
    const auto& list = work.lists[index * tables.size() + t];
    const auto& values = work.values[index * tables.size() + t];
    const std::size_t w = tables[t].width;
    auto& out = buffers.rows[t];
    out.resize(batch.key.size() * w);
    std::size_t at = 0;
    for (std::size_t i = 0; i < batch.key.size(); ++i, ++at) {
      while (at < list.key.size() && list.key[at] != batch.key[i]) ++at;
      if (at == list.key.size()) {
        return error(Code::corrupt, "shard {} is not as it was: a new key",
                     step.shard);
      }
      std::copy_n(values.data() + at * w, w, out.data() + i * w);
    }
    rows.emplace_back(out);
  }
  const model::Parameters weights{.dense = dense, .table = rows};
  store::Sum sum;
  if (step.eval) {
    model::evaluate(model_, batch, weights, sum.sums, sum.curve);
    scale_sums(sum.sums);
    return sum;
  }
  std::vector<std::span<float>> dense_out, table_out;
  for (const auto& tensor : model_.tensors()) {
    sum.dense.emplace_back(tensor.size());
    dense_out.emplace_back(sum.dense.back());
  }
  for (const auto& table : tables) {
    sum.table.push_back(
        {.width = table.width,
         .key = {batch.key.begin(), batch.key.end()},
         .value = std::vector<float>(batch.key.size() * table.width)});
    table_out.emplace_back(sum.table.back().value);
  }
  model_.loss_and_gradient(batch, weights,
                           {.dense = dense_out, .table = table_out}, sum.sums);
  scale_sums(sum.sums);
  return sum;
}

}  // namespace psmith::node
