#include "data/fit.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "base/format.h"
#include "base/rng.h"
#include "data/number.h"

namespace psmith::data {

void ColumnFit::add(std::span<const double> row) {
  rows_ += 1;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const double delta = row[i] - mean_[i];
    mean_[i] += delta / rows_;
    spread_[i] += delta * (row[i] - mean_[i]);
  }
}

void ColumnFit::finish(std::vector<Column>& columns) const {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const double scale = rows_ > 0 ? std::sqrt(spread_[i] / rows_) : 0;
    columns[i].mean = mean_[i];
    columns[i].scale = std::isnormal(scale) ? scale : 1;
  }
}

Result<std::uint32_t> LabelFit::add(const std::string& text) {
  const auto next = static_cast<std::uint32_t>(rows_.size());
  const auto [at, added] = id_.try_emplace(text, next);
  if (added) {
    if (rows_.size() == kLabelValueMax) {
      return error(Code::corrupt,
                   "more than {} distinct label texts\nhint: --label names "
                   "the label column",
                   kLabelValueMax);
    }
    rows_.push_back(0);
  }
  ++rows_[at->second];
  return at->second;
}

void LabelFit::add(float number) {
  if (many_) return;
  ++numbers_[number == 0 ? 0.0F : number];  // -0 is 0
  if (numbers_.size() > kLabelValueMax) {
    many_ = true;
    numbers_ = {};
  }
}

std::vector<LabelValue> LabelFit::finish() {
  std::vector<LabelValue> values;
  for (const auto& [number, rows] : numbers_) {
    values.push_back({shortest(number), number, rows});
  }
  std::sort(values.begin(), values.end(),
            [](const auto& a, const auto& b) { return a.value < b.value; });
  if (id_.empty()) return values;
  std::vector<const std::string*> text(rows_.size());
  for (const auto& [name, id] : id_) text[id] = &name;
  std::vector<std::uint32_t> order(rows_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return *text[a] < *text[b];
  });
  rank_.resize(order.size());
  for (std::uint32_t rank = 0; rank < order.size(); ++rank) {
    const auto id = order[rank];
    rank_[id] = rank;
    values.push_back({*text[id], static_cast<double>(rank), rows_[id]});
  }
  return values;
}

void KeyCount::add(std::span<const std::uint64_t> keys) {
  for (const auto key : keys) {
    const auto hash = mix64(key ^ 0x5851f42d4c957f2d);
    auto& rank = rank_[hash >> (64 - kBits)];
    const auto zeros = std::countl_zero((hash << kBits) | 1U) + 1;
    rank = std::max(rank, static_cast<std::uint8_t>(zeros));
    if (!many_) add_exact(key, hash);
  }
}

void KeyCount::add_exact(std::uint64_t key, std::uint64_t hash) {
  if (key == 0) {
    exact_count_ += has_zero_ ? 0 : 1;
    has_zero_ = true;
    return;
  }
  auto at = hash & (exact_.size() - 1);
  while (exact_[at] != 0 && exact_[at] != key) {
    at = (at + 1) & (exact_.size() - 1);
  }
  if (exact_[at] == key) return;
  exact_[at] = key;
  if (++exact_count_ > kExact) {
    many_ = true;
    exact_ = {};
  }
}

std::uint64_t KeyCount::estimate() const {
  if (!many_) return exact_count_;
  const auto m = static_cast<double>(rank_.size());
  double sum = 0, empty = 0;
  for (const auto rank : rank_) {
    sum += std::ldexp(1.0, -static_cast<int>(rank));
    empty += rank == 0 ? 1 : 0;
  }
  constexpr double kMargin = 1.05;  // six times the standard error, 1.04/2^7
  double count = 0.7213 / (1 + 1.079 / m) * m * m / sum;
  if (count < 2.5 * m && empty > 0) count = m * std::log(m / empty);
  return static_cast<std::uint64_t>(count * kMargin);
}

}  // namespace psmith::data
