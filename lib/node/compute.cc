#include "node/compute.h"

#include <algorithm>

#include "base/format.h"
#include "model/evaluate.h"
#include "node/tile_sum.h"

namespace psmith::node {

struct Compute::Buffers {
  data::Shard::Scratch scratch;
  std::vector<float> label;
  std::vector<std::uint32_t> place;      // by key of the leaf, in the node
  std::vector<std::vector<float>> rows;  // by table: this leaf's weights
};

std::size_t tile_count(const KeyPlan& plan) {
  return (plan.key.size() + KeyPlan::kTile - 1) / KeyPlan::kTile;
}

LeafGradients::LeafGradients(const Work& work, std::size_t table_count) {
  std::size_t total = 0;
  for (const auto& node : work.nodes) {
    begin_.push_back(total);
    size_.push_back(node.size());
    first_.push_back(node.begin);
    total += node.size() * table_count;
  }
  value_.resize(total);
}

std::shared_ptr<const KeyPlan> Compute::plan(
    const placement::Step& step, store::Node node,
    const placement::Placement& placement) const {
  data::Shard::Scratch scratch;
  const auto keys_of = [&](std::uint32_t leaf) {
    return source_
        .block(step.eval, step.shard, step.block_begin + leaf, scratch)
        .key;
  };
  return make_key_plan(node, keys_of, placement, model_.tables().size());
}

Result<store::Sum> Compute::sum(const Work& work, std::size_t index,
                                store::Node node, LeafGradients& leaves) const {
  Buffers buffers;
  return subtree(work, index, node, leaves, buffers);
}

Result<store::Sum> Compute::subtree(const Work& work, std::size_t index,
                                    store::Node node, LeafGradients& leaves,
                                    Buffers& buffers) const {
  if (node.size() == 1) return leaf(work, index, node.begin, leaves, buffers);
  const auto middle = store::middle_of(node);
  PSM_TRY(auto left,
          subtree(work, index, {node.begin, middle}, leaves, buffers));
  PSM_TRY(auto right,
          subtree(work, index, {middle, node.end}, leaves, buffers));
  store::join(left, std::move(right));
  return left;
}

void Compute::join(const Work& work, std::size_t index, std::size_t table,
                   const LeafGradients& leaves, std::size_t tile_begin,
                   std::size_t tile_end, std::span<float> value) const {
  const auto& plan = *work.plans[index];
  const std::size_t w = model_.tables()[table].width;
  const auto& runs = plan.lanes[table].run;
  TileSum summer(static_cast<std::uint32_t>(w), plan.node.begin,
                 leaves.of(index, table));
  std::vector<float> out(KeyPlan::kTile * w);
  std::size_t run = 0;
  for (auto tile = tile_begin; tile < tile_end; ++tile) {
    const auto begin = static_cast<std::uint32_t>(tile * KeyPlan::kTile);
    const auto end = static_cast<std::uint32_t>(
        std::min<std::size_t>(begin + KeyPlan::kTile, plan.key.size()));
    summer.sum(plan, begin, end, out.data());
    while (runs[run].end <= begin) ++run;
    for (auto at = begin; at < end; at = runs[run++].end) {
      const auto& r = runs[run];
      const auto stop = std::min(end, r.end);
      std::copy_n(out.data() + (at - begin) * w, (stop - at) * w,
                  value.data() + (r.to + at - r.begin) * w);
      if (stop == end) break;
    }
  }
}

Result<store::Sum> Compute::whole(const Work& work, std::size_t index) const {
  const auto& tables = model_.tables();
  LeafGradients leaves(work, tables.size());
  PSM_TRY(auto out, sum(work, index, work.nodes[index], leaves));
  for (std::size_t t = 0; t < tables.size() && !work.step.eval; ++t) {
    const auto& plan = *work.plans[index];
    store::TableSum table{
        .width = tables[t].width,
        .list = nullptr,
        .value = std::vector<float>(plan.key.size() * tables[t].width)};
    join(work, index, t, leaves, 0, tile_count(plan), table.value.own());
    out.table.push_back(std::move(table));
  }
  return out;
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

// A leaf's weights, out of those of its node.
Status Compute::gather(const Work& work, std::size_t index, std::uint32_t leaf,
                       std::size_t key_count, Buffers& buffers) const {
  const auto* plan = work.plans[index].get();
  std::vector<const std::vector<std::uint32_t>*> path;  // from the node down
  while (plan != nullptr) {
    const auto& part = *std::prev(std::upper_bound(
        plan->part.begin(), plan->part.end(), leaf,
        [](std::uint32_t l, const auto& p) { return l < p.node.begin; }));
    path.push_back(&part.place);
    plan = part.plan.get();
  }
  if (path.back()->size() != key_count) {
    return error(Code::corrupt, "shard {} is not as it was: {} keys, not {}",
                 work.step.shard, key_count, path.back()->size());
  }
  buffers.place = *path.back();
  for (auto up = path.size() - 1; up-- > 0;) {
    for (auto& place : buffers.place) place = (*path[up])[place];
  }
  const auto& tables = model_.tables();
  buffers.rows.resize(tables.size());
  for (std::size_t t = 0; t < tables.size(); ++t) {
    const std::size_t w = tables[t].width;
    const auto* value = work.values[index * tables.size() + t].data();
    auto& out = buffers.rows[t];
    out.resize(key_count * w);
    if (w == 1) {
      for (std::size_t i = 0; i < key_count; ++i) {
        out[i] = value[buffers.place[i]];
      }
      continue;
    }
    for (std::size_t i = 0; i < key_count; ++i) {
      std::copy_n(value + buffers.place[i] * w, w, out.data() + i * w);
    }
  }
  return Done{};
}

Result<store::Sum> Compute::leaf(const Work& work, std::size_t index,
                                 std::uint32_t leaf, LeafGradients& leaves,
                                 Buffers& buffers) const {
  const auto& step = work.step;
  auto batch = source_.block(step.eval, step.shard, step.block_begin + leaf,
                             buffers.scratch);
  PSM_DO(name_classes(batch, buffers, step));
  scale_labels(batch, buffers);
  const auto& tables = model_.tables();
  if (!tables.empty()) {
    PSM_DO(gather(work, index, leaf, batch.key.size(), buffers));
  }
  const std::vector<std::span<const float>> dense(work.dense.begin(),
                                                  work.dense.end()),
      rows(buffers.rows.begin(), buffers.rows.end());
  const model::Parameters weights{.dense = dense, .table = rows};
  store::Sum sum;
  if (step.eval) {
    model::evaluate(model_, batch, weights, sum.sums, sum.curve);
    scale_sums(sum.sums);
    return sum;
  }
  std::vector<std::span<float>> dense_out, table_out;
  for (const auto& tensor : model_.tensors()) {
    sum.dense.emplace_back(std::vector<float>(tensor.size()));
    dense_out.emplace_back(sum.dense.back().own());
  }
  for (std::size_t t = 0; t < tables.size(); ++t) {
    auto& out = leaves.at(index, t, leaf);
    out.resize(batch.key.size() * tables[t].width);
    table_out.emplace_back(out);
  }
  model_.loss_and_gradient(batch, weights,
                           {.dense = dense_out, .table = table_out}, sum.sums);
  scale_sums(sum.sums);
  return sum;
}

}  // namespace psmith::node
