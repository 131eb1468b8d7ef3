// Fitting: what a schema learns from the training rows, in one pass and in
// the order of the rows. Column means and scales by Welford's method (1962)
// in double; labels with their counts; distinct keys, exactly while they are
// few, then by HyperLogLog (Flajolet et al. 2007) with a margin. Memory does
// not grow with the number of rows. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "data/schema.h"
#include "placement/key.h"

namespace psmith::data {

class ColumnFit {
 public:
  explicit ColumnFit(std::size_t count) : mean_(count), spread_(count) {}

  void add(std::span<const double> row);
  // Population standard deviation; 1 for a constant column.
  void finish(std::vector<Column>& columns) const;

 private:
  double rows_ = 0;
  std::vector<double> mean_, spread_;  // spread: sum of squared deviations
};

class LabelFit {
 public:
  // The number that stands for the label until finish() has the order. Errors
  // (corrupt): more than kLabelValueMax texts.
  Result<std::uint32_t> add(const std::string& text);
  void add(float number);

  // The distinct labels in order. Texts: rank_of() then maps numbers of add()
  // to indices of the list.
  std::vector<LabelValue> finish();
  std::uint32_t rank_of(std::uint32_t number) const { return rank_[number]; }

 private:
  std::unordered_map<std::string, std::uint32_t> id_;
  std::vector<std::uint64_t> rows_;  // by id
  std::vector<std::uint32_t> rank_;
  std::unordered_map<float, std::uint64_t> numbers_;       // empty if too many
  std::pair<const float, std::uint64_t>* last_ = nullptr;  // added there
  bool many_ = false;
};

class KeyCount {
 public:
  KeyCount() : exact_(std::size_t{1} << kExactBits) {}
  // Fastest by mixed key, as in a KeyList.
  void add(std::span<const placement::Key> keys);
  // Exact up to kExact; then at most a few per cent too high.
  std::uint64_t estimate() const;

  static constexpr std::size_t kExact = std::size_t{1} << 16;

 private:
  static constexpr unsigned kBits = 14, kExactBits = 17;
  void add_exact(std::uint64_t hash);
  void add_rank(std::uint64_t hash);

  std::vector<std::uint8_t> rank_;    // HyperLogLog's registers, if many_
  std::vector<std::uint64_t> exact_;  // open table of hashes; 0: free
  std::size_t exact_count_ = 0;
  bool has_zero_ = false;
  bool many_ = false;
};

}  // namespace psmith::data
