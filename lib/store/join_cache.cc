#include "store/join_cache.h"

namespace psmith::store {

JoinPlan plan_join(std::shared_ptr<KnownList> left,
                   std::shared_ptr<KnownList> right) {
  JoinPlan plan{.left = std::move(left),
                .right = std::move(right),
                .both = std::make_shared<KnownList>(),
                .left_place = {},
                .right_place = {}};
  const auto& a = *plan.left;
  const auto& b = *plan.right;
  auto& both = *plan.both;
  both.kept = true;
  both.resolved = a.resolved && b.resolved;
  both.mixed.reserve(a.size() + b.size());
  both.row.reserve(a.size() + b.size());
  plan.left_place.reserve(a.size());
  plan.right_place.reserve(b.size());
  for (std::size_t i = 0, j = 0; i < a.size() || j < b.size();) {
    const auto at = static_cast<std::uint32_t>(both.size());
    const bool in_left =
        j == b.size() || (i < a.size() && a.mixed[i] <= b.mixed[j]);
    const bool in_right =
        i == a.size() || (j < b.size() && b.mixed[j] <= a.mixed[i]);
    both.mixed.push_back(in_left ? a.mixed[i] : b.mixed[j]);
    both.row.push_back(in_left ? a.row[i] : b.row[j]);
    if (in_left) {
      plan.left_place.push_back(at);
      ++i;
    }
    if (in_right) {
      plan.right_place.push_back(at);
      ++j;
    }
  }
  both.mixed.shrink_to_fit();
  both.row.shrink_to_fit();
  return plan;
}

const JoinPlan* JoinCache::plan(const std::shared_ptr<KnownList>& left,
                                const std::shared_ptr<KnownList>& right) {
  const Name name{left.get(), right.get()};
  const auto known = plans_.find(name);
  if (known != plans_.end()) return &known->second;
  // At most: the union may be smaller.
  constexpr std::size_t kEntryBytes = 256;
  const auto size =
      kEntryBytes + (left->size() + right->size()) *
                        (sizeof(std::uint64_t) + 2 * sizeof(std::uint32_t));
  if (bytes_ + size > byte_max_) return nullptr;
  bytes_ += size;
  return &plans_.emplace(name, plan_join(left, right)).first->second;
}

}  // namespace psmith::store
