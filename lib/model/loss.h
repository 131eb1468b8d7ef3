// The three losses of the linear family, and their derivatives by the raw
// outputs z of a row with label y and weight u.
//
//   linear    1/2 (z - y)^2                     z - y
//   logistic  log(1 + e^-m), m = z or -z        sigmoid(z) - y     y: 0 or 1
//   softmax   log(sum_k e^z_k) - z_y            softmax(z)_k - [k = y]
//
// Each is safe for any finite z: e is raised to non-positive powers only.
// Losses are computed in double; a row of weight 0 has no gradient, even where
// its outputs overflow. Pure; any thread.
#pragma once

#include <cstddef>
#include <span>

#include "model/metric.h"
#include "model/model.h"
#include "tensor/batch.h"

namespace psmith::model {

// In place: raw (B, K) becomes u d loss / d raw. Adds to sums.
// REQUIRES: labels of logistic and softmax are class indices below K (2)
void losses_to_deltas(Kind kind, const tensor::Batch& batch,
                      std::size_t output_count, std::span<float> raw,
                      Sums& sums);

// The same sums, bit by bit, without the derivatives.
void add_losses(Kind kind, const tensor::Batch& batch, std::size_t output_count,
                std::span<const float> raw, Sums& sums);

}  // namespace psmith::model
