// Batch: a block of B examples, borrowed; dense or sparse, never both.
//
// Dense:  x is row-major (B, column_count).
// Sparse: CSR over a local key list. key holds the n distinct keys, sorted by
//         mixed key (placement/key.h); row r has the entries
//         [row_begin[r], row_begin[r+1]) of local (an index into key) and of
//         value (empty when every value is 1).
// label: (B). Regression: the target. Classification: the class index,
// 0 .. K-1. weight: (B), or empty when all are 1; finite and >= 0.
// A view: parameters only, valid while the owner (a shard) lives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace psmith::tensor {

struct Batch {
  std::size_t row_count = 0;
  std::span<const float> label;
  std::span<const float> weight;

  std::size_t column_count = 0;  // dense only
  std::span<const float> x;

  std::span<const std::uint64_t> key;        // sparse only
  std::span<const std::uint32_t> row_begin;  // B + 1
  std::span<const std::uint32_t> local;
  std::span<const float> value;

  bool dense() const { return column_count != 0; }
  float weight_of(std::size_t row) const {
    return weight.empty() ? 1.0F : weight[row];
  }
};

}  // namespace psmith::tensor
