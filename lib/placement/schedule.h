// The order of a job's steps: a pure function of the data's shape, the job's
// settings and the seed, so that every node computes the same one.
//
// A shard of `rows` rows has ceil(rows / block_rows) micro-batches (blocks).
// M consecutive blocks of one shard are a group; the last group of a shard may
// be short: its step has a share of a full one's rows, and of its rate, or few
// rows would move the weights as far as many. A train step takes one group;
// each epoch takes every group once, permuted by (seed, epoch). After every
// `eval_every` epochs (and after the last) come the evaluation steps: the
// groups of the evaluation data in order. A step's version number is its index
// here; an evaluation step leaves the weights as they are. Not thread-safe: it
// caches one epoch's permutation.
#pragma once

#include <cstdint>
#include <vector>

namespace psmith::placement {

struct DataShape {
  std::vector<std::uint64_t> shard_rows;  // rows of each shard, in order
  std::uint32_t block_rows = 1;           // rows of a full micro-batch, >= 1

  std::uint64_t block_count(std::size_t shard) const {
    return (shard_rows[shard] + block_rows - 1) / block_rows;
  }
};

struct ScheduleSettings {
  DataShape train;
  DataShape eval;                  // no shards: no evaluation steps
  std::uint32_t group_blocks = 1;  // M
  std::uint64_t epochs = 1;
  std::uint64_t step_max = 0;    // train steps at most; 0: no limit
  std::uint32_t eval_every = 1;  // epochs
  std::uint64_t seed = 0;
};

struct Step {
  bool eval = false;
  bool eval_last = false;         // the last step of one evaluation
  std::uint64_t epoch = 0;        // from 0
  std::uint64_t train_index = 0;  // train steps before this one
  std::uint32_t shard = 0;
  std::uint32_t block_begin = 0;  // first block of the group, in its shard
  std::uint32_t block_count = 0;  // M of this step: leaves of its tree
  double row_share = 1;  // its rows / those of the largest group, in (0, 1]
};

class Schedule {
 public:
  // REQUIRES: group_blocks >= 1, block_rows >= 1
  explicit Schedule(ScheduleSettings settings);

  std::uint64_t step_count() const { return step_count_; }
  std::uint64_t train_step_count() const { return train_step_count_; }

  // REQUIRES: index < step_count()
  Step at(std::uint64_t index);

 private:
  struct Group {
    std::uint32_t shard, block_begin, block_count;
    std::uint64_t rows;
  };
  static std::vector<Group> groups_of(const DataShape& shape,
                                      std::uint32_t group_blocks);
  bool eval_after(std::uint64_t epoch) const;
  void permute(std::uint64_t epoch);

  ScheduleSettings settings_;
  std::vector<Group> train_, eval_;
  std::uint64_t rows_max_ = 0;      // of a group of train_
  std::uint64_t epochs_ = 0;        // whole or begun, after step_max
  std::uint64_t cycle_epochs_ = 1;  // from one evaluation to the next
  std::uint64_t step_count_ = 0, train_step_count_ = 0;
  std::uint64_t permuted_epoch_ = ~std::uint64_t{0};
  std::vector<std::uint32_t> order_;  // of permuted_epoch_
};

}  // namespace psmith::placement
