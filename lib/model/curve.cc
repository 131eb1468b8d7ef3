#include "model/curve.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/format.h"

namespace psmith::model {
namespace {

constexpr std::size_t kPendingMax = 4096;
constexpr double kBinMax = 65535;

std::uint16_t bin_of(float score) {
  const auto bits = std::bit_cast<std::uint32_t>(score + 0.0F);  // -0 is 0
  const bool negative = (bits >> 31U) != 0;
  const auto ordered = negative ? ~bits : bits | 0x80000000U;
  return static_cast<std::uint16_t>(ordered >> 16U);
}

bool is_weight(double value) { return std::isfinite(value) && value >= 0; }

}  // namespace

void Curve::add(float score, float label, double weight) {
  Bin bin{.number = bin_of(score), .positive = 0, .negative = 0};
  (label == 1.0F ? bin.positive : bin.negative) = weight;
  pending_.push_back(bin);
  if (pending_.size() < kPendingMax) return;
  bins_ = settled();
  pending_.clear();
}

std::vector<Curve::Bin> Curve::joined(const std::vector<Bin>& left,
                                      const std::vector<Bin>& right) {
  std::vector<Bin> out;
  out.reserve(left.size() + right.size());
  auto l = left.begin();
  auto r = right.begin();
  while (l != left.end() || r != right.end()) {
    if (r == right.end() || (l != left.end() && l->number < r->number)) {
      out.push_back(*l++);
    } else if (l == left.end() || r->number < l->number) {
      out.push_back(*r++);
    } else {
      out.push_back({.number = l->number,
                     .positive = l->positive + r->positive,
                     .negative = l->negative + r->negative});
      ++l;
      ++r;
    }
  }
  return out;
}

std::vector<Curve::Bin> Curve::settled() const {
  if (pending_.empty()) return bins_;
  auto sorted = pending_;
  std::stable_sort(
      sorted.begin(), sorted.end(),
      [](const Bin& a, const Bin& b) { return a.number < b.number; });
  std::vector<Bin> sums;
  for (const auto& bin : sorted) {
    if (sums.empty() || sums.back().number != bin.number) {
      sums.push_back(bin);
    } else {
      sums.back().positive += bin.positive;
      sums.back().negative += bin.negative;
    }
  }
  return joined(bins_, sums);
}

void Curve::merge(const Curve& right) {
  bins_ = joined(settled(), right.settled());
  pending_.clear();
}

double Curve::auc() const {
  double area = 0, positive = 0, negative = 0;
  for (const auto& bin : settled()) {
    area += bin.positive * (negative + 0.5 * bin.negative);
    positive += bin.positive;
    negative += bin.negative;
  }
  const double pairs = positive * negative;
  if (!(pairs > 0)) return std::numeric_limits<double>::quiet_NaN();
  return std::min(area / pairs, 1.0);
}

std::vector<double> Curve::to_flat() const {
  std::vector<double> flat;
  for (const auto& bin : settled()) {
    flat.insert(flat.end(),
                {static_cast<double>(bin.number), bin.positive, bin.negative});
  }
  return flat;
}

Result<Curve> Curve::from_flat(std::span<const double> flat) {
  if (flat.size() % 3 != 0) {
    return error(Code::corrupt, "a curve of {} numbers is not of triples",
                 flat.size());
  }
  Curve curve;
  curve.bins_.reserve(std::min<std::size_t>(flat.size() / 3, 65536));
  double last = -1;
  for (std::size_t i = 0; i < flat.size(); i += 3) {
    const double number = flat[i];
    if (!(number > last && number <= kBinMax && number == std::floor(number))) {
      return error(Code::corrupt, "curve number {}: {} is not the next bin", i,
                   number);
    }
    if (!is_weight(flat[i + 1]) || !is_weight(flat[i + 2])) {
      return error(Code::corrupt,
                   "curve bin {}: a weight is negative or not "
                   "finite",
                   number);
    }
    curve.bins_.push_back({.number = static_cast<std::uint16_t>(number),
                           .positive = flat[i + 1],
                           .negative = flat[i + 2]});
    last = number;
  }
  return curve;
}

}  // namespace psmith::model
