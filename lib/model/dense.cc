#include "model/dense.h"

#include <algorithm>

#include "model/vec8.h"

namespace psmith::model {
namespace {

// Dot products of R rows of x with K rows of w, all in registers.
template <std::size_t R, std::size_t K>
void dot_tile(const float* x, const float* w, std::size_t d, float* out,
              std::size_t out_stride) {
  Vec8 sum[R][K];
  for (auto& row : sum) std::fill_n(row, K, splat(0));
  const auto add = [&](const auto& read, std::size_t c) {
    Vec8 wc[K];
    for (std::size_t k = 0; k < K; ++k) wc[k] = read(w + k * d + c);
    for (std::size_t r = 0; r < R; ++r) {
      const Vec8 xc = read(x + r * d + c);
      for (std::size_t k = 0; k < K; ++k) sum[r][k] = fma(xc, wc[k], sum[r][k]);
    }
  };
  std::size_t c = 0;
  for (; c + kLanes <= d; c += kLanes) add(load, c);
  if (c < d) add([&](const float* p) { return load_part(p, d - c); }, c);
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t k = 0; k < K; ++k) {
      out[r * out_stride + k] += sum_of(sum[r][k]);
    }
  }
}

template <std::size_t K>
void dot_rows(const DenseShape& s, const float* x, const float* w, float* out) {
  constexpr std::size_t kRows = 4;
  const auto d = s.column_count;
  std::size_t r = 0;
  for (; r + kRows <= s.row_count; r += kRows) {
    dot_tile<kRows, K>(x + r * d, w, d, out + r * s.output_count,
                       s.output_count);
  }
  for (; r < s.row_count; ++r) {
    dot_tile<1, K>(x + r * d, w, d, out + r * s.output_count, s.output_count);
  }
}

// A tile of K classes by V vectors of columns; `part` is the width of the one
// vector at the end of a row, else 0.
struct Columns {
  const float* x;
  std::size_t x_stride;
  const float* delta;
  std::size_t delta_stride;
  std::size_t row_count;
  std::size_t part;
};

template <std::size_t K, std::size_t V>
void gradient_tile(const Columns& in, float* g) {
  const auto read = [&](const float* p) {
    return in.part == 0 ? load(p) : load_part(p, in.part);
  };
  Vec8 sum[K][V];
  for (std::size_t k = 0; k < K; ++k) {
    for (std::size_t v = 0; v < V; ++v) {
      sum[k][v] = read(g + k * in.x_stride + v * kLanes);
    }
  }
  for (std::size_t r = 0; r < in.row_count; ++r) {
    Vec8 x[V];
    for (std::size_t v = 0; v < V; ++v) {
      x[v] = read(in.x + r * in.x_stride + v * kLanes);
    }
    for (std::size_t k = 0; k < K; ++k) {
      const Vec8 delta = splat(in.delta[r * in.delta_stride + k]);
      for (std::size_t v = 0; v < V; ++v) {
        sum[k][v] = fma(delta, x[v], sum[k][v]);
      }
    }
  }
  for (std::size_t k = 0; k < K; ++k) {
    for (std::size_t v = 0; v < V; ++v) {
      float* to = g + k * in.x_stride + v * kLanes;
      in.part == 0 ? store(to, sum[k][v]) : store_part(to, sum[k][v], in.part);
    }
  }
}

template <std::size_t V>
void gradient_columns(const Columns& in, std::size_t output_count, float* g) {
  constexpr std::size_t kClasses = 4;
  Columns at = in;
  std::size_t k = 0;
  for (; k + kClasses <= output_count; k += kClasses) {
    at.delta = in.delta + k;
    gradient_tile<kClasses, V>(at, g + k * in.x_stride);
  }
  for (; k < output_count; ++k) {
    at.delta = in.delta + k;
    gradient_tile<1, V>(at, g + k * in.x_stride);
  }
}

void gradient_rows(const DenseShape& s, const float* x, const float* delta,
                   float* g) {
  const auto d = s.column_count;
  const auto columns = [&](std::size_t c, std::size_t part) {
    return Columns{.x = x + c,
                   .x_stride = d,
                   .delta = delta,
                   .delta_stride = s.output_count,
                   .row_count = s.row_count,
                   .part = part};
  };
  constexpr std::size_t kWide = 2 * kLanes;
  std::size_t c = 0;
  for (; c + kWide <= d; c += kWide) {
    gradient_columns<2>(columns(c, 0), s.output_count, g + c);
  }
  for (; c + kLanes <= d; c += kLanes) {
    gradient_columns<1>(columns(c, 0), s.output_count, g + c);
  }
  if (c < d) gradient_columns<1>(columns(c, d - c), s.output_count, g + c);
}

}  // namespace

void dense_outputs(const DenseShape& shape, std::span<const float> x,
                   std::span<const float> weight, std::span<const float> bias,
                   std::span<float> raw) {
  const auto K = shape.output_count;
  for (std::size_t r = 0; r < shape.row_count; ++r) {
    std::copy_n(bias.data(), K, raw.data() + r * K);
  }
  constexpr std::size_t kClasses = 3;
  std::size_t k = 0;
  for (; k + kClasses <= K; k += kClasses) {
    dot_rows<kClasses>(shape, x.data(), weight.data() + k * shape.column_count,
                       raw.data() + k);
  }
  for (; k < K; ++k) {
    dot_rows<1>(shape, x.data(), weight.data() + k * shape.column_count,
                raw.data() + k);
  }
}

void add_dense_gradient(const DenseShape& shape, std::span<const float> x,
                        std::span<const float> delta,
                        std::span<float> gradient) {
  constexpr std::size_t kRows = 128;  // what stays in the cache
  DenseShape run = shape;
  for (std::size_t r = 0; r < shape.row_count; r += kRows) {
    run.row_count = std::min(kRows, shape.row_count - r);
    gradient_rows(run, x.data() + r * shape.column_count,
                  delta.data() + r * shape.output_count, gradient.data());
  }
}

}  // namespace psmith::model
