// What a worker computes: key lists, gradient sums and evaluation sums of the
// subtrees of a lease, from blocks of examples. Pure functions of data and
// weights: each leaf by itself, then joined along the tree, so the bits do not
// depend on who computes what. Any thread; a Scratch per thread.
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

class Compute {
 public:
  // classes: label value of each class index, or none (JobSpec::classes).
  // Both outlive the object.
  Compute(const model::Model& model, const std::vector<float>& classes,
          const BlockSource& source)
      : model_(model), classes_(classes), source_(source) {}

  // The union of the key lists of the blocks below a node.
  std::vector<placement::Key> keys(const placement::Step& step,
                                   store::Node node) const;

  // The sum over `node`, Work::nodes[index] or a subtree of it. Errors
  // (corrupt): a label that is no class.
  Result<store::Sum> sum(const Work& work, std::size_t index,
                         store::Node node) const;

 private:
  struct Buffers;
  Result<store::Sum> subtree(const Work& work, std::size_t index,
                             store::Node node, Buffers& buffers) const;
  Result<store::Sum> leaf(const Work& work, std::size_t index,
                          std::uint32_t leaf, Buffers& buffers) const;
  void scale_labels(tensor::Batch& batch, Buffers& buffers) const;
  void scale_sums(model::Sums& sums) const;
  Status name_classes(tensor::Batch& batch, Buffers& buffers,
                      const placement::Step& step) const;

  const model::Model& model_;
  const std::vector<float>& classes_;
  const BlockSource& source_;
};

}  // namespace psmith::node
