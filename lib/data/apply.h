// apply: raw rows and a schema to a batch that a model can read. The same
// arithmetic as the shards: float((x - mean) / scale) in double. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/key_list.h"
#include "data/raw.h"
#include "data/schema.h"
#include "tensor/batch.h"

namespace psmith::data {

// Owns what a Batch borrows. Reuse one object: it keeps its memory.
class BatchBuffer {
 public:
  // Valid until the next apply().
  tensor::Batch batch() const;

  std::size_t row_count = 0;
  std::size_t column_count = 0;
  std::vector<float> label;   // empty: unlabelled
  std::vector<float> weight;  // empty: all 1
  std::vector<float> x;
  std::vector<std::uint32_t> row_begin;
  std::vector<float> value;  // empty: all 1
  KeyList keys;              // sorted by mixed key, and the local indices
};

// Columns of one row, standardised. REQUIRES: equal sizes
void standardise(std::span<const Column> columns, std::span<const double> raw,
                 std::span<float> out);
// The same of many rows. REQUIRES: raw.size() = rows * columns.size() <=
// out.size()
void standardise_rows(std::span<const Column> columns,
                      std::span<const double> raw, std::span<float> out);

// Rows [begin, end) of the block. REQUIRES: begin <= end <= block.row_count;
// the block was read with this schema, its labels are numbers or left out
void apply(const Schema& schema, const RawBlock& block, std::size_t begin,
           std::size_t end, BatchBuffer& out);

}  // namespace psmith::data
