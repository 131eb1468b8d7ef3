// A small random batch with weights to match, for the tests of tests/model.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/rng.h"
#include "model/model.h"

namespace psmith::model {

struct Problem {
  Settings settings;
  std::size_t row_count = 0;
  std::vector<float> label, weight, x, value;
  std::vector<std::uint64_t> key;
  std::vector<std::uint32_t> row_begin, local;
  std::vector<std::vector<float>> dense, table;  // the model's weights

  tensor::Batch batch() const {
    tensor::Batch out{.row_count = row_count,
                      .label = label,
                      .weight = weight,
                      .column_count = 0,
                      .x = {},
                      .key = {},
                      .row_begin = {},
                      .local = {},
                      .value = {}};
    if (settings.dense) {
      out.column_count = static_cast<std::size_t>(settings.column_count);
      out.x = x;
    } else {
      out.key = key;
      out.row_begin = row_begin;
      out.local = local;
      out.value = value;
    }
    return out;
  }
};

// One row of the same data, borrowed from p.
inline tensor::Batch row_of(const Problem& p, std::size_t r) {
  auto out = p.batch();
  out.row_count = 1;
  out.label = out.label.subspan(r, 1);
  if (!out.weight.empty()) out.weight = out.weight.subspan(r, 1);
  if (p.settings.dense) {
    out.x = out.x.subspan(r * out.column_count, out.column_count);
  } else {
    out.row_begin = out.row_begin.subspan(r, 2);
  }
  return out;
}

struct Wish {
  Settings settings;
  std::size_t rows = 7;
  std::uint64_t seed = 1;
  bool weighted = false;
  bool ones = false;  // sparse: every value is 1, and not stored
  double scale = 1;   // of the weights
};

inline Problem make_problem(const Wish& wish) {
  Rng rng(wish.seed);
  const auto draw = [&] { return static_cast<float>(rng.normal()); };
  Problem p;
  p.settings = wish.settings;
  p.row_count = wish.rows;
  const auto K = wish.settings.output_count();
  const bool regression = wish.settings.kind == Kind::linear;
  for (std::size_t r = 0; r < wish.rows; ++r) {
    const auto classes = std::max(2U, K);
    p.label.push_back(regression ? draw()
                                 : static_cast<float>(rng.below(classes)));
    if (wish.weighted) {
      p.weight.push_back(static_cast<float>(rng.below(4)) * 0.5F);
    }
  }
  const auto fill = [&](std::size_t n) {
    std::vector<float> out(n);
    for (auto& v : out) v = static_cast<float>(wish.scale) * draw();
    return out;
  };
  if (wish.settings.dense) {
    const auto d = static_cast<std::size_t>(wish.settings.column_count);
    for (std::size_t i = 0; i < wish.rows * d; ++i) p.x.push_back(draw());
    p.dense = {fill(K * d), fill(K)};
    return p;
  }
  const std::uint64_t n = 19;
  for (std::uint64_t i = 0; i < n; ++i) p.key.push_back(3 * i + 1);
  p.row_begin = {0};
  for (std::size_t r = 0; r < wish.rows; ++r) {
    for (auto left = rng.below(9); left > 0; --left) {
      p.local.push_back(static_cast<std::uint32_t>(rng.below(n)));
      if (!wish.ones) p.value.push_back(draw());
    }
    p.row_begin.push_back(static_cast<std::uint32_t>(p.local.size()));
  }
  p.dense = {fill(K)};
  p.table = {fill(n * K)};
  return p;
}

struct Gradient {
  std::vector<std::vector<float>> dense, table;
  Sums sums;
};

using Views = std::vector<std::span<const float>>;

inline Gradient gradient_of(const Model& model, const Problem& p,
                            const tensor::Batch& batch) {
  Gradient out;
  for (const auto& w : p.dense) out.dense.emplace_back(w.size());
  for (const auto& w : p.table) out.table.emplace_back(w.size());
  const Views dense(p.dense.begin(), p.dense.end());
  const Views table(p.table.begin(), p.table.end());
  const std::vector<std::span<float>> to_dense(out.dense.begin(),
                                               out.dense.end());
  const std::vector<std::span<float>> to_table(out.table.begin(),
                                               out.table.end());
  model.loss_and_gradient(batch, {.dense = dense, .table = table},
                          {.dense = to_dense, .table = to_table}, out.sums);
  return out;
}

inline std::vector<float> raw_of(const Model& model, const Problem& p,
                                 const tensor::Batch& batch) {
  std::vector<float> raw(batch.row_count * p.settings.output_count());
  const Views dense(p.dense.begin(), p.dense.end());
  const Views table(p.table.begin(), p.table.end());
  model.predict(batch, {.dense = dense, .table = table}, raw);
  return raw;
}

}  // namespace psmith::model
