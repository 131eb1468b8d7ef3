// Witness: what must hold at every moment of a simulated run, whoever crashed
// before: no number of a node or a lane is given twice, and a view is never
// told two ways or after a newer one of the same node. One thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/format.h"
#include "wire/message.h"

namespace psmith::sim {

class Witness {
 public:
  // A process begins a life under this number.
  void joined(NodeId node) {
    if (!nodes_.insert(node).second) {
      say(format("node {} is given twice", node.value()));
    }
  }

  // A process has this view now.
  void viewed(const wire::View& view) {
    std::set<NodeId> nodes;
    for (const auto& info : view.nodes) {
      nodes.insert(info.node);
      for (const auto lane : info.lanes) {
        if (lanes_.emplace(lane, info.node).first->second != info.node) {
          say(format("lane {} is given twice", lane));
        }
      }
    }
    if (views_.emplace(view.number, nodes).first->second != nodes) {
      say(format("view {} is told in two ways", view.number));
    }
  }

  // A worker died or hangs; leaves of it are leased again.
  void lost(NodeId worker, Instant now) { lost_.try_emplace(worker, now); }
  void released(NodeId worker, Instant now) { released_[worker] = now; }
  // From each loss that took leaves with it until the last were leased again.
  std::vector<Duration> noticed() const {
    std::vector<Duration> out;
    for (const auto& [worker, when] : lost_) {
      const auto found = released_.find(worker);
      if (found != released_.end()) out.push_back(found->second - when);
    }
    return out;
  }

  void say(std::string fault) {
    if (fault_.empty()) fault_ = std::move(fault);
  }
  // The first thing that did not hold; empty: everything does.
  const std::string& fault() const { return fault_; }

 private:
  std::set<NodeId> nodes_;
  std::map<std::uint64_t, NodeId> lanes_;
  std::map<std::uint64_t, std::set<NodeId>> views_;
  std::map<NodeId, Instant> lost_, released_;
  std::string fault_;
};

}  // namespace psmith::sim
