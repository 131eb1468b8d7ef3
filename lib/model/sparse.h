// The two products of a linear map on sparse rows (tensor::Batch, CSR over a
// local key list): entries in order, so the bits of a row's outputs depend on
// that row alone.
//
// Shapes: weight and gradient (n, K) by local index, bias (K), raw and delta
// (B, K). Pure; any thread.
#pragma once

#include <cstddef>
#include <span>

#include "tensor/batch.h"

namespace psmith::model {

// raw = x weight + bias
void sparse_outputs(const tensor::Batch& batch, std::size_t output_count,
                    std::span<const float> weight, std::span<const float> bias,
                    std::span<float> raw);

// gradient += x^T delta, rows in order
void add_sparse_gradient(const tensor::Batch& batch, std::size_t output_count,
                         std::span<const float> delta,
                         std::span<float> gradient);

}  // namespace psmith::model
