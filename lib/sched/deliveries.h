// Deliveries: orders to nodes that may have to be given again. A StartJob is
// repeated each second until the node answers it; an EndJob, which has no
// answer, a few times. At most one order of a job stands for a node: the
// newest. Pure; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/id.h"

namespace psmith::sched {

inline constexpr Duration kRepeat = std::chrono::seconds(1);
inline constexpr std::uint32_t kEndRepeats = 3;

class Deliveries {
 public:
  enum class What { start, end };
  struct Order {
    NodeId node;
    JobId job;
    What what = What::start;
  };

  // The order was given now.
  void given(Instant now, Order order);
  // A StartJob was answered.
  void answered(NodeId node, JobId job);
  void forget(NodeId node);
  void forget(JobId job);

  // Those to give again; each is counted as given.
  std::vector<Order> due(Instant now);
  // Instant::max() if nothing stands.
  Instant next() const;

 private:
  struct Standing {
    Deliveries::What what = What::start;
    Instant next;
    std::uint32_t repeats = 0;
  };
  std::map<std::pair<JobId, NodeId>, Standing> standing_;
};

}  // namespace psmith::sched
