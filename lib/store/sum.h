// Sum: the gradient sum over one node of a reduction tree, dense tensors and
// tables alike, with the metric sums that travel with it.
//
// A worker's Sum holds whole dense tensors and whole key lists; a lane's holds
// its ranges and its share of the lists. join(left, right) is the only
// addition: float, element by element, left before right; a key that one side
// lacks is copied. So the sum of the same leaves has the same bits whoever
// joined them. Values; one thread at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/curve.h"
#include "model/metric.h"
#include "placement/key.h"

namespace psmith::store {

struct TableSum {
  std::uint32_t width = 1;
  std::vector<placement::Key> key;  // strictly ascending by mixed key
  std::vector<float> value;         // (key.size(), width)
};

struct Sum {
  std::vector<std::vector<float>> dense;
  std::vector<TableSum> table;
  model::Sums sums;
  model::Curve curve;  // evaluation only
};

// left = left + right. REQUIRES: the same tensors and tables.
void join(Sum& left, Sum&& right);

// The union of two key lists in mixed order.
std::vector<placement::Key> union_of(std::span<const placement::Key> a,
                                     std::span<const placement::Key> b);

}  // namespace psmith::store
