// JoinCache: where the keys of two lists stand in their union, so that the same
// two are merged once and added by place from then on: the lists that a lane
// keeps come again in every epoch. A full cache admits no more. The lane's
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "store/known_list.h"

namespace psmith::store {

struct JoinPlan {
  std::shared_ptr<KnownList> left, right, both;
  std::vector<std::uint32_t> left_place, right_place;  // in `both`
};

// Merges the keys of two lists.
JoinPlan plan_join(std::shared_ptr<KnownList> left,
                   std::shared_ptr<KnownList> right);

class JoinCache {
 public:
  explicit JoinCache(std::size_t byte_max) : byte_max_(byte_max) {}

  // The plan of two kept lists, made if it is not here; null: no room.
  const JoinPlan* plan(const std::shared_ptr<KnownList>& left,
                       const std::shared_ptr<KnownList>& right);
  void clear() {
    plans_.clear();
    bytes_ = 0;
  }

 private:
  // The plan holds both lists: no other list has their addresses meanwhile.
  using Name = std::pair<const KnownList*, const KnownList*>;

  std::size_t byte_max_, bytes_ = 0;
  std::map<Name, JoinPlan> plans_;
};

}  // namespace psmith::store
