#include "data/apply.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace psmith::data {
namespace {

template <class T>
std::span<const T> part(const std::vector<T>& values, std::size_t begin,
                        std::size_t end) {
  return std::span(values).subspan(begin, end - begin);
}

void apply_sparse(const RawBlock& block, std::size_t begin, std::size_t end,
                  BatchBuffer& out) {
  const auto first = block.row_begin[begin];
  const auto last = block.row_begin[end];
  out.row_begin.clear();
  for (std::size_t row = begin; row <= end; ++row) {
    out.row_begin.push_back(
        static_cast<std::uint32_t>(block.row_begin[row] - first));
  }
  out.keys.build(part(block.index, first, last));
  const auto value = part(block.value, first, last);
  const bool ones = std::all_of(value.begin(), value.end(),
                                [](float v) { return v == 1.0F; });
  out.value.clear();
  if (!ones) out.value.assign(value.begin(), value.end());
}

}  // namespace

void standardise(std::span<const Column> columns, std::span<const double> raw,
                 std::span<float> out) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    out[i] = standardised(columns[i], raw[i]);
  }
}

// The columns' numbers side by side, so that several are done at a time.
void standardise_rows(std::span<const Column> columns,
                      std::span<const double> raw, std::span<float> out) {
  const auto d = columns.size();
  if (d == 0) return;
  PSM_CHECK(raw.size() % d == 0 && raw.size() <= out.size(), "whole rows");
  std::vector<double> mean, scale;
  for (const auto& column : columns) {
    mean.push_back(column.mean);
    scale.push_back(column.scale);
  }
  constexpr double kMost = std::numeric_limits<float>::max();
  for (std::size_t at = 0; at < raw.size(); at += d) {
    const double* const x = raw.data() + at;
    float* const z = out.data() + at;
    for (std::size_t i = 0; i < d; ++i) {
      const double wide = (x[i] - mean[i]) / scale[i];
      const double low = wide < -kMost ? -kMost : wide;
      z[i] = static_cast<float>(low > kMost ? kMost : low);
    }
  }
}

void apply(const Schema& schema, const RawBlock& block, std::size_t begin,
           std::size_t end, BatchBuffer& out) {
  PSM_CHECK(begin <= end && end <= block.row_count, "rows out of the block");
  out.row_count = end - begin;
  out.column_count = block.dense ? block.column_count : 0;
  out.label.clear();
  out.weight.clear();
  if (!block.label.empty()) {
    const auto label = part(block.label, begin, end);
    out.label.assign(label.begin(), label.end());
  }
  if (!block.weight.empty()) {
    const auto weight = part(block.weight, begin, end);
    out.weight.assign(weight.begin(), weight.end());
  }
  if (!block.dense) return apply_sparse(block, begin, end, out);
  const auto d = block.column_count;
  out.x.resize(out.row_count * d);
  standardise_rows(schema.columns, part(block.x, begin * d, end * d), out.x);
}

tensor::Batch BatchBuffer::batch() const {
  tensor::Batch batch;
  batch.row_count = row_count;
  batch.label = label;
  batch.weight = weight;
  batch.column_count = column_count;
  if (column_count > 0) {
    batch.x = x;
  } else {
    batch.key = keys.key();
    batch.row_begin = row_begin;
    batch.local = keys.local();
    batch.value = value;
  }
  return batch;
}

}  // namespace psmith::data
