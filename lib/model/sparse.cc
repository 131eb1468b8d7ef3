#include "model/sparse.h"

#include <algorithm>
#include <array>

#include "model/vec8.h"

namespace psmith::model {
namespace {

// One row's entries; value is null where every value is 1.
struct Row {
  const std::uint32_t* local;
  const float* value;
  std::size_t size;
};

Row row_of(const tensor::Batch& batch, std::size_t r) {
  const std::size_t begin = batch.row_begin[r];
  return {.local = batch.local.data() + begin,
          .value = batch.value.empty() ? nullptr : batch.value.data() + begin,
          .size = batch.row_begin[r + 1] - begin};
}

// Entry i goes to sum i mod 4: four chains hide the latency of the additions.
template <class Term>
float sum_in_four(std::size_t n, Term term) {
  std::array<float, 4> sum{};
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    for (std::size_t j = 0; j < 4; ++j) sum[j] += term(i + j);
  }
  for (; i < n; ++i) sum[i % 4] += term(i);
  return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

float dot(const Row& row, const float* w) {
  if (row.value == nullptr) {
    return sum_in_four(row.size,
                       [&](std::size_t i) { return w[row.local[i]]; });
  }
  return sum_in_four(
      row.size, [&](std::size_t i) { return row.value[i] * w[row.local[i]]; });
}

// y += a x, n floats
void axpy(float a, const float* x, float* y, std::size_t n) {
  const Vec8 scale = splat(a);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    store(y + i, fma(scale, load(x + i), load(y + i)));
  }
  if (i == n) return;
  const auto part = n - i;
  store_part(y + i, fma(scale, load_part(x + i, part), load_part(y + i, part)),
             part);
}

}  // namespace

void sparse_outputs(const tensor::Batch& batch, std::size_t output_count,
                    std::span<const float> weight, std::span<const float> bias,
                    std::span<float> raw) {
  const auto K = output_count;
  for (std::size_t r = 0; r < batch.row_count; ++r) {
    const auto row = row_of(batch, r);
    if (K == 1) {
      raw[r] = bias[0] + dot(row, weight.data());
      continue;
    }
    float* out = raw.data() + r * K;
    std::copy_n(bias.data(), K, out);
    for (std::size_t i = 0; i < row.size; ++i) {
      axpy(row.value == nullptr ? 1.0F : row.value[i],
           weight.data() + row.local[i] * K, out, K);
    }
  }
}

void add_sparse_gradient(const tensor::Batch& batch, std::size_t output_count,
                         std::span<const float> delta,
                         std::span<float> gradient) {
  const auto K = output_count;
  float* g = gradient.data();
  for (std::size_t r = 0; r < batch.row_count; ++r) {
    const auto row = row_of(batch, r);
    if (K == 1 && row.value == nullptr) {
      for (std::size_t i = 0; i < row.size; ++i) g[row.local[i]] += delta[r];
    } else if (K == 1) {
      for (std::size_t i = 0; i < row.size; ++i) {
        g[row.local[i]] += delta[r] * row.value[i];
      }
    } else {
      for (std::size_t i = 0; i < row.size; ++i) {
        axpy(row.value == nullptr ? 1.0F : row.value[i], delta.data() + r * K,
             g + row.local[i] * K, K);
      }
    }
  }
}

}  // namespace psmith::model
