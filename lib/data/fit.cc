#include "data/fit.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "base/format.h"
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
  number = number == 0 ? 0.0F : number;  // -0 is 0
  if (last_ != nullptr && last_->first == number) {
    ++last_->second;
    return;
  }
  last_ = &*numbers_.try_emplace(number, 0).first;
  ++last_->second;
  if (numbers_.size() > kLabelValueMax) {
    many_ = true;
    numbers_ = {};
    last_ = nullptr;
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

// Mixed keys are the hashes: key lists come in their order, and so both arrays
// are walked from front to back.
void KeyCount::add(std::span<const placement::Key> keys) {
  for (const auto key : keys) {
    const auto hash = placement::mixed(key);
    many_ ? add_rank(hash) : add_exact(hash);
  }
}

void KeyCount::add_rank(std::uint64_t hash) {
  auto& rank = rank_[hash >> (64 - kBits)];
  const auto zeros = std::countl_zero((hash << kBits) | 1U) + 1;
  rank = std::max(rank, static_cast<std::uint8_t>(zeros));
}

void KeyCount::add_exact(std::uint64_t hash) {
  if (hash == 0) {
    exact_count_ += has_zero_ ? 0 : 1;
    has_zero_ = true;
    return;
  }
  auto at = hash >> (64 - kExactBits);
  while (exact_[at] != 0 && exact_[at] != hash) {
    at = (at + 1) & (exact_.size() - 1);
  }
  if (exact_[at] == hash) return;
  exact_[at] = hash;
  if (++exact_count_ <= kExact) return;
  many_ = true;
  rank_.resize(std::size_t{1} << kBits);
  if (has_zero_) add_rank(0);
  for (const auto known : exact_) {
    if (known != 0) add_rank(known);
  }
  exact_ = {};
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
