// What psmith's worker makes of leases: their key lists, and the sums of their
// leaves' gradients along the reduction tree. The one file of the benchmarks
// that knows how a worker computes inside. One thread.
#pragma once

#include <memory>
#include <vector>

#include "node/compute.h"
#include "tests/bench/rows.h"

namespace psmith::bench {

// The leaves of one step: sparse blocks, or rows of dense ones.
class Leaves final : public node::BlockSource {
 public:
  tensor::Batch leaf(std::size_t i) const;
  tensor::Batch block(bool eval, std::uint32_t shard, std::uint64_t block,
                      data::Shard::Scratch& scratch) const override;

  std::uint32_t count = 0;
  std::vector<Block> sparse;
  std::size_t columns = 0;  // dense
  std::vector<float> x, label;
};

struct LeaseSum {
  std::vector<std::vector<float>> dense;  // by tensor
  std::vector<float> value;               // sparse: by key of the lease
};

class Worker {
 public:
  // All weights are `weight`. The model and the leaves outlive the object.
  Worker(const model::Model& model, const Leaves& leaves,
         std::vector<store::Node> leases, float weight);

  std::vector<placement::Key> keys(std::size_t lease) const;  // sparse
  LeaseSum sum(std::size_t lease) const;

 private:
  std::vector<float> classes_;
  node::Compute compute_;
  node::Work work_;
};

}  // namespace psmith::bench
