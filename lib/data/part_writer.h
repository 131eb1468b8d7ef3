// PartWriter: the training rows, or those held out, in their order to shards
// of equal rows or equal work. Shards that are full are written out by threads
// of its own, at most one each, while rows go on coming. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "data/manifest.h"
#include "data/shard_writer.h"
#include "data/workers.h"

namespace psmith::data {

// What is known of a part before its first row.
struct PartPlan {
  ShardShape shape = {};
  std::uint64_t rows = 0;  // that will come
  // Work of all rows (1 and the stored values of each): shards of equal work.
  // Unset: shards of equal rows.
  std::optional<std::uint64_t> work = {};
  std::uint64_t shards = 1;       // rows at most
  std::uint64_t first_shard = 0;  // its number, of the dataset's
  bool holdout = false;
  KeyCount* keys = nullptr;  // counts the keys of the shards; null: not counted
};

class PartWriter {
 public:
  // workers: make the key lists; must outlive the writer
  PartWriter(std::filesystem::path folder, const PartPlan& plan,
             Workers& workers);
  PartWriter(const PartWriter&) = delete;
  PartWriter& operator=(const PartWriter&) = delete;
  ~PartWriter();

  // A DenseRow or a SparseRow, as ShardWriter::add(); at most plan.rows of
  // them. work: 1 and its stored values.
  template <class Row>
  Status add(const Row& row, std::uint64_t work) {
    PSM_DO(open());
    PSM_DO(writer_->add(row));
    return count(work);
  }

  // Its shards. REQUIRES: plan.rows rows were added
  Result<std::vector<ShardInfo>> finish();

 private:
  // A shard that a worker writes out.
  struct Closing {
    ShardWriter writer;
    Result<ShardInfo> info = ShardInfo{};
    Workers::Ticket ticket = {};
  };

  Status open();
  Status count(std::uint64_t work);
  bool shard_ends() const;
  Status close();
  Status list_oldest();

  const std::filesystem::path folder_;
  const PartPlan plan_;
  Workers& workers_;
  // Its own, so that whoever waits for a key list does not write a shard
  // meanwhile, and rows go on coming.
  Workers closers_;
  std::optional<ShardWriter> writer_;  // of the open shard
  std::uint64_t rows_ = 0, work_ = 0, closed_ = 0;
  std::deque<std::unique_ptr<Closing>> closing_;  // oldest first
  std::vector<ShardInfo> listed_;
};

}  // namespace psmith::data
