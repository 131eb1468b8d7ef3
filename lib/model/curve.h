// Curve: the weighted histogram of scores behind AUC, as sums that merge.
//
// A score falls into one of 65536 bins: the top 16 bits of the integer that
// orders floats (sign, exponent, 7 bits of mantissa; -0 is 0), so bins are
// narrow where scores are small. Only bins in use are kept. Scores of one bin
// count as tied. Adding in one order and merging along one tree gives the same
// bits whoever does it.
//
//   AUC = P(score of a positive > score of a negative) + 1/2 P(equal)
//
// (Hanley, McNeil 1982, weighted.) One thread at a time per object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace psmith::model {

class Curve {
 public:
  // label: 1 is positive, anything else negative. weight: finite, >= 0.
  void add(float score, float label, double weight);

  // left = left + right
  void merge(const Curve& right);

  // In [0, 1]; NaN without both a positive and a negative of some weight.
  double auc() const;

  bool empty() const { return bins_.empty() && pending_.empty(); }

  // Triples (bin, weight of positives, of negatives), bins ascending.
  std::vector<double> to_flat() const;
  // Errors (corrupt): not such triples, by number.
  static Result<Curve> from_flat(std::span<const double> flat);

 private:
  struct Bin {
    std::uint16_t number = 0;
    double positive = 0, negative = 0;
  };
  static std::vector<Bin> joined(const std::vector<Bin>& left,
                                 const std::vector<Bin>& right);
  std::vector<Bin> settled() const;

  std::vector<Bin> bins_;     // ascending, distinct
  std::vector<Bin> pending_;  // one per add since the bins were settled
};

}  // namespace psmith::model
