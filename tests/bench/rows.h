// Rows for benchmarks: sparse rows whose features follow Zipf's law, and the
// texts and blocks made of them. The same for the same options everywhere.
// Values; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tensor/batch.h"

namespace psmith::bench {

// --smoke: every benchmark runs, on as little data as will do.
bool smoke();
void set_smoke();
inline std::size_t pick(std::size_t full, std::size_t small) {
  return smoke() ? small : full;
}

// The rows of the epoch benchmarks; --rows sets it.
std::size_t epoch_rows();
void set_epoch_rows(std::size_t rows);

// Feature of rank k (from 1) has the chance log(1 + 1/k) / log(keys + 1).
struct ZipfOptions {
  std::size_t rows = 1000;
  std::size_t features = 60;  // of every row, distinct
  std::uint64_t keys = std::uint64_t{1} << 20;
  // Ranks are spread over [1, keys] as hashed features are; else the key is
  // the rank. REQUIRES: keys is a power of two, where spread
  bool spread = true;
  std::size_t first_row = 0;  // a multiple of kPieceRows
};
// Each piece of so many rows is drawn from a seed of its own, so that a file
// can be written piece by piece and hold the same rows as memory.
inline constexpr std::size_t kPieceRows = 10000;

struct SparseRows {
  std::vector<float> label;  // 0 or 1
  std::vector<std::uint64_t> row_begin{0};
  std::vector<std::uint64_t> key;  // ascending in a row
  std::vector<float> value;        // 0.0000001 .. 0.3
  std::size_t row_count() const { return label.size(); }
  std::size_t entry_count() const { return key.size(); }
};
SparseRows zipf_rows(const ZipfOptions& options);

// "+1 12:0.0123456 ..." (label 0 is -1) a line.
std::string libsvm_text(const SparseRows& rows);
// "y,x0,x1,..." and rows of numbers with six decimals.
std::string csv_text(std::size_t rows, std::size_t columns, std::uint64_t seed);

// Consecutive rows over their own key list.
struct Block {
  std::vector<float> label;
  std::vector<std::uint64_t> key;  // sorted by mixed key
  std::vector<std::uint32_t> row_begin{0};
  std::vector<std::uint32_t> local;
  std::vector<float> value;
  tensor::Batch batch() const;
};
std::vector<Block> blocks_of(const SparseRows& rows, std::size_t block_rows);

// `count` distinct keys below 2^64, sorted by mixed key.
std::vector<std::uint64_t> sorted_keys(std::size_t count);

}  // namespace psmith::bench
