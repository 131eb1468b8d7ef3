#include "sched/deliveries.h"

#include <algorithm>
#include <iterator>

namespace psmith::sched {

void Deliveries::given(Instant now, Order order) {
  standing_[{order.job, order.node}] = {.what = order.what,
                                        .next = now + kRepeat};
}

void Deliveries::answered(NodeId node, JobId job) {
  const auto found = standing_.find({job, node});
  if (found != standing_.end() && found->second.what == What::start) {
    standing_.erase(found);
  }
}

void Deliveries::forget(NodeId node) {
  std::erase_if(standing_,
                [&](const auto& each) { return each.first.second == node; });
}

void Deliveries::forget(JobId job) {
  std::erase_if(standing_,
                [&](const auto& each) { return each.first.first == job; });
}

std::vector<Deliveries::Order> Deliveries::due(Instant now) {
  std::vector<Order> out;
  for (auto it = standing_.begin(); it != standing_.end();) {
    auto& [key, order] = *it;
    if (order.next > now) {
      ++it;
      continue;
    }
    out.push_back({.node = key.second, .job = key.first, .what = order.what});
    order.next = now + kRepeat;
    const bool last = order.what == What::end && ++order.repeats >= kEndRepeats;
    it = last ? standing_.erase(it) : std::next(it);
  }
  return out;
}

Instant Deliveries::next() const {
  Instant first = Instant::max();
  for (const auto& [key, order] : standing_) {
    first = std::min(first, order.next);
  }
  return first;
}

}  // namespace psmith::sched
