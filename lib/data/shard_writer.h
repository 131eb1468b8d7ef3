// ShardWriter: rows in, one shard file out (data/shard.h has the layout).
//
// Rows stream through: memory holds a few sparse micro-batches, whose key lists
// are made by the workers, and a small buffer per tensor; the rest waits in the
// shape's memory or, without, in unnamed files beside the target. The file
// appears whole, under its name, at finish(). Same rows, same bytes. One thread
// at a time; finish() may be on another one if settle() came first.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "data/fit.h"
#include "data/key_list.h"
#include "data/manifest.h"
#include "data/spool.h"
#include "data/workers.h"

namespace psmith::data {

struct ShardShape {
  bool dense = false;
  std::size_t column_count = 0;  // dense
  bool weighted = false;
  std::uint32_t block_rows = 128;
  Durable durable = Durable::yes;
  // Where rows wait for the shard to end; null: in files. Outlives the writer.
  SpoolMemory* memory = nullptr;
};

// One example; what it borrows is copied. weight: left out unless weighted.
struct DenseRow {
  float label = 0;
  float weight = 1;
  std::span<const float> x;  // column_count
};
struct SparseRow {
  float label = 0;
  float weight = 1;
  std::span<const placement::Key> key;
  std::span<const float> value;  // as many as keys; or none: all 1
};

class ShardWriter {
 public:
  // Errors: as AtomicFile.
  // workers: make key lists, null: the caller does; must outlive the writer
  // keys: counts the keys, null: nobody does; must live until settle()
  static Result<ShardWriter> create(const std::filesystem::path& file,
                                    const ShardShape& shape,
                                    Workers* workers = nullptr,
                                    KeyCount* keys = nullptr);
  ShardWriter(ShardWriter&&) = default;
  ShardWriter& operator=(ShardWriter&&) = delete;
  ~ShardWriter();

  // REQUIRES: the row is of the shape's kind and size; every float is finite,
  // the weight >= 0
  Status add(const DenseRow& row);
  Status add(const SparseRow& row);

  // No row will follow; the workers are no longer needed then.
  Status settle();
  // Settles and writes the file. `holdout` of the result is left to the caller.
  Result<ShardInfo> finish();

 private:
  // A micro-batch whose key list is being made.
  struct Block {
    std::vector<placement::Key> key;  // entries
    KeyList list;
    Workers::Ticket ticket;  // with workers
  };

  ShardWriter(AtomicFile file, const ShardShape& shape, Workers* workers,
              KeyCount* keys);
  Status add_common(float label, float weight);
  Status add_value(std::span<const float> value, std::size_t count);
  Status close_block();
  Status store_oldest();

  AtomicFile file_;
  ShardShape shape_;
  std::uint64_t row_count_ = 0;
  Spool label_, weight_, x_;
  Spool key_, key_begin_, row_begin_, local_, value_;
  Workers* workers_;
  KeyCount* keys_;
  std::unique_ptr<Block> open_;                 // sparse: rows come into it
  std::deque<std::unique_ptr<Block>> closed_;   // oldest first
  std::vector<std::unique_ptr<Block>> stored_;  // to be used again
  std::uint64_t key_count_ = 0;
  std::uint64_t entry_count_ = 0;
  bool settled_ = false;
  bool all_one_ = true;  // no entry so far had another value
};

}  // namespace psmith::data
