// What a worker computes: key plans, gradient sums and evaluation sums of the
// subtrees of a lease, from blocks of examples. Pure functions of data and
// weights: each leaf by itself, then joined along the tree, so the bits do not
// depend on who computes what. Any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "data/shard.h"
#include "model/model.h"
#include "node/worker_core.h"
#include "store/sum.h"

namespace psmith::node {

// Blocks of a job's training or evaluation data. shard counts within the
// job's DataRef. The batch may borrow from scratch and from the source.
class BlockSource {
 public:
  virtual ~BlockSource() = default;
  virtual tensor::Batch block(bool eval, std::uint32_t shard,
                              std::uint64_t block,
                              data::Shard::Scratch& scratch) const = 0;
};

// A lease's gradients of table rows before they are joined: by node, table and
// leaf, (the leaf's keys, width). Threads may fill in different leaves.
class LeafGradients {
 public:
  LeafGradients(const Work& work, std::size_t table_count);

  std::vector<float>& at(std::size_t node, std::size_t table,
                         std::uint32_t leaf) {
    return value_[begin_[node] + table * size_[node] + leaf - first_[node]];
  }
  // Those of a node, by leaf.
  std::span<const std::vector<float>> of(std::size_t node,
                                         std::size_t table) const {
    return std::span(value_).subspan(begin_[node] + table * size_[node],
                                     size_[node]);
  }

 private:
  std::vector<std::size_t> begin_, size_;  // by node
  std::vector<std::uint32_t> first_;
  std::vector<std::vector<float>> value_;
};

class Compute {
 public:
  // classes: label value of each class index, or none (JobSpec::classes).
  // Both outlive the object.
  Compute(const model::Model& model, const std::vector<float>& classes,
          const BlockSource& source)
      : model_(model), classes_(classes), source_(source) {}

  // The keys of the blocks below a node of a step.
  std::shared_ptr<const KeyPlan> plan(
      const placement::Step& step, store::Node node,
      const placement::Placement& placement) const;

  // The sum over `node`, Work::nodes[index] or a subtree of it, but for the
  // tables: what their rows get stays in `leaves`. Errors (corrupt): a label
  // that is no class.
  Result<store::Sum> sum(const Work& work, std::size_t index, store::Node node,
                         LeafGradients& leaves) const;

  // Tiles [begin, end) of a table's sum over Work::nodes[index]: its rows, lane
  // after lane, in `value`. Threads may join different tiles.
  void join(const Work& work, std::size_t index, std::size_t table,
            const LeafGradients& leaves, std::size_t tile_begin,
            std::size_t tile_end, std::span<float> value) const;

  // Both, whole, on this thread.
  Result<store::Sum> whole(const Work& work, std::size_t index) const;

 private:
  struct Buffers;
  Result<store::Sum> subtree(const Work& work, std::size_t index,
                             store::Node node, LeafGradients& leaves,
                             Buffers& buffers) const;
  Result<store::Sum> leaf(const Work& work, std::size_t index,
                          std::uint32_t leaf, LeafGradients& leaves,
                          Buffers& buffers) const;
  Status gather(const Work& work, std::size_t index, std::uint32_t leaf,
                std::size_t key_count, Buffers& buffers) const;
  void scale_labels(tensor::Batch& batch, Buffers& buffers) const;
  void scale_sums(model::Sums& sums) const;
  Status name_classes(tensor::Batch& batch, Buffers& buffers,
                      const placement::Step& step) const;

  const model::Model& model_;
  const std::vector<float>& classes_;
  const BlockSource& source_;
};

// How many tiles a plan has.
std::size_t tile_count(const KeyPlan& plan);

}  // namespace psmith::node
