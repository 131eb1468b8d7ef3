#include "tests/bench/worker.h"

#include <array>

namespace psmith::bench {

tensor::Batch Leaves::leaf(std::size_t i) const {
  if (!sparse.empty()) return sparse[i].batch();
  const auto rows = label.size() / count;
  tensor::Batch out;
  out.row_count = rows;
  out.label = std::span(label).subspan(i * rows, rows);
  out.column_count = columns;
  out.x = std::span(x).subspan(i * rows * columns, rows * columns);
  return out;
}

tensor::Batch Leaves::block(bool, std::uint32_t, std::uint64_t block,
                            data::Shard::Scratch&) const {
  return leaf(block);
}

Worker::Worker(const model::Model& model, const Leaves& leaves,
               std::vector<store::Node> leases, float weight)
    : compute_(model, classes_, leaves) {
  work_.step = {.block_count = leaves.count};
  work_.nodes = std::move(leases);
  std::vector<std::size_t> sizes;
  for (const auto& tensor : model.tensors()) {
    work_.dense.emplace_back(tensor.size(), weight);
    sizes.push_back(tensor.size());
  }
  if (model.tables().empty()) return;
  const std::array<std::uint64_t, 1> lane{1};
  const placement::Placement place(lane, sizes, model.tables().size());
  for (const auto node : work_.nodes) {
    work_.plans.push_back(compute_.plan(work_.step, node, place));
    work_.values.emplace_back(work_.plans.back()->key.size(), weight);
  }
}

std::vector<placement::Key> Worker::keys(std::size_t lease) const {
  return work_.plans[lease]->key;
}

LeaseSum Worker::sum(std::size_t lease) const {
  const auto floats = [](const store::Values& values) {
    return std::vector<float>(values.data(), values.data() + values.size());
  };
  const auto sum = compute_.whole(work_, lease).value(1);
  LeaseSum out;
  for (const auto& tensor : sum.dense) out.dense.push_back(floats(tensor));
  if (!sum.table.empty()) out.value = floats(sum.table[0].value);
  return out;
}

}  // namespace psmith::bench
