// The two products of a linear map on dense rows, and their one rule: the
// value of an output or of a gradient's element is computed by the same
// operations in the same order wherever its row or column stands in a tile.
//
// Shapes, row-major: x (B, d), weight and gradient (K, d), bias (K),
// raw and delta (B, K). No alignment is needed. Pure; any thread.
#pragma once

#include <cstddef>
#include <span>

namespace psmith::model {

struct DenseShape {
  std::size_t row_count = 0;     // B
  std::size_t column_count = 0;  // d
  std::size_t output_count = 0;  // K
};

// raw = x weight^T + bias
void dense_outputs(const DenseShape& shape, std::span<const float> x,
                   std::span<const float> weight, std::span<const float> bias,
                   std::span<float> raw);

// gradient += delta^T x, rows in order
void add_dense_gradient(const DenseShape& shape, std::span<const float> x,
                        std::span<const float> delta,
                        std::span<float> gradient);

}  // namespace psmith::model
