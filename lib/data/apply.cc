#include "data/apply.h"

#include <algorithm>

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
  for (std::size_t row = 0; row < out.row_count; ++row) {
    standardise(schema.columns,
                part(block.x, (begin + row) * d, (begin + row + 1) * d),
                std::span(out.x).subspan(row * d, d));
  }
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
