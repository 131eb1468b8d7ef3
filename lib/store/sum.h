// Sum: the gradient sum over one node of a reduction tree, dense tensors and
// tables alike, with the metric sums that travel with it.
//
// A worker's Sum holds whole dense tensors and all keys of its subtree, lane
// after lane; a lane's holds its ranges and its share of the keys. join(left,
// right) is the only addition: float, element by element, left before right; a
// key that one side lacks is copied. So the sum of the same leaves has the same
// bits whoever joined them. Values; one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/curve.h"
#include "model/metric.h"
#include "store/join_cache.h"
#include "store/known_list.h"
#include "store/values.h"

namespace psmith::store {

struct TableSum {
  std::uint32_t width = 1;
  std::shared_ptr<KnownList> list;  // null on a worker, whose Work names keys
  Values value;                     // (list->size(), width)
};

struct Sum {
  std::vector<Values> dense;
  std::vector<TableSum> table;
  model::Sums sums;
  model::Curve curve;  // evaluation only
};

// left = left + right. joins: plans for lists that come again, or null.
// REQUIRES: the same tensors and tables.
void join(Sum& left, Sum&& right, JoinCache* joins = nullptr);

}  // namespace psmith::store
