// KeyPlan: the keys below one node of a reduction tree, and where the keys of
// each part of it stand among them. Made once for a subtree; every epoch looks
// the same subtree up again, so the keys are merged and divided once.
//
// Parts are leaves, or, of a node of more than kParts leaves, nodes that have
// plans of their own. A part's keys are a subset of the plan's, in the same
// order, so `place` ascends. Immutable; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <tuple>
#include <vector>

#include "placement/placement.h"
#include "store/tree.h"

namespace psmith::node {

// The keys of a list that go to one lane, and where they stand in the list of
// that lane's keys: lists come lane after lane in messages and sums.
struct LaneRuns {
  struct Run {
    std::uint32_t begin = 0, end = 0;  // of the plan's keys
    std::uint32_t to = 0;              // of begin: lane after lane
  };
  std::vector<Run> run;                   // by begin
  std::vector<std::uint32_t> lane_begin;  // of `to`; lanes + 1

  std::uint64_t count(std::size_t lane) const {
    return lane_begin[lane + 1] - lane_begin[lane];
  }
  bool is_of(const Run& r, std::size_t lane) const {
    return r.to >= lane_begin[lane] && r.to < lane_begin[lane + 1];
  }
};

struct KeyPlan {
  static constexpr std::uint32_t kParts = 16;
  static constexpr std::uint32_t kTile = 512;  // keys

  struct Part {
    store::Node node;
    std::vector<std::uint32_t> place;  // by key of the part
    std::vector<std::uint32_t> tile;   // by tile of the plan: the first there
    std::shared_ptr<const KeyPlan> plan;  // null: a leaf

    // The first key of the part that stands at or after `at`.
    std::size_t first_from(std::uint32_t at) const;
  };

  store::Node node;
  std::vector<placement::Key> key;  // ascending by mixed key
  std::vector<Part> part;           // in the order of their leaves
  std::vector<LaneRuns> lanes;      // by table; of the whole only

  std::size_t byte_count() const;
};

// keys_of(leaf): a micro-batch's sorted key list; valid until the next call.
using KeysOf = std::function<std::span<const placement::Key>(std::uint32_t)>;

// `node` with its lanes, for table_count tables.
std::shared_ptr<const KeyPlan> make_key_plan(
    store::Node node, const KeysOf& keys_of,
    const placement::Placement& placement, std::size_t table_count);

// The plans of a job's subtrees, by what they are made of. A full cache admits
// no more (cyclic epochs would defeat LRU). Any thread.
class KeyPlanCache {
 public:
  // (evaluation, shard, first block, end)
  using Name = std::tuple<bool, std::uint32_t, std::uint32_t, std::uint32_t>;

  explicit KeyPlanCache(std::size_t byte_max) : byte_max_(byte_max) {}

  std::shared_ptr<const KeyPlan> find(const Name& name) const;
  void keep(const Name& name, std::shared_ptr<const KeyPlan> plan);

 private:
  const std::size_t byte_max_;
  mutable std::mutex mutex_;
  std::size_t bytes_ = 0;
  std::map<Name, std::shared_ptr<const KeyPlan>> plans_;
};

}  // namespace psmith::node
