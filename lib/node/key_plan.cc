#include "node/key_plan.h"

#include <algorithm>

#include "base/check.h"
#include "data/key_list.h"

namespace psmith::node {
namespace {

using placement::Key;

// Leaves of a part: whole subtrees, as large as leaves at most kParts parts.
std::uint32_t part_leaves(std::uint32_t leaves) {
  std::uint32_t size = 1;
  while (leaves > size * KeyPlan::kParts) size *= KeyPlan::kParts;
  return size;
}

std::vector<std::uint32_t> tiles_of(std::span<const std::uint32_t> place,
                                    std::size_t key_count) {
  std::vector<std::uint32_t> tile;
  tile.reserve(key_count / KeyPlan::kTile + 2);
  for (std::uint32_t i = 0; i < place.size(); ++i) {
    while (tile.size() * KeyPlan::kTile <= place[i]) tile.push_back(i);
  }
  while (tile.size() * KeyPlan::kTile <= key_count) {
    tile.push_back(static_cast<std::uint32_t>(place.size()));
  }
  return tile;
}

std::shared_ptr<KeyPlan> merged(store::Node node, const KeysOf& keys_of) {
  auto plan = std::make_shared<KeyPlan>();
  plan->node = node;
  std::vector<Key> entries;
  std::vector<std::size_t> ends;
  const auto step = part_leaves(node.size());
  for (auto begin = node.begin; begin < node.end; begin += step) {
    auto& part = plan->part.emplace_back();
    part.node = {begin, std::min(begin + step, node.end)};
    if (part.node.size() > 1) part.plan = merged(part.node, keys_of);
    const auto keys =
        part.plan ? std::span<const Key>(part.plan->key) : keys_of(begin);
    entries.insert(entries.end(), keys.begin(), keys.end());
    ends.push_back(entries.size());
  }
  data::KeyList list;
  list.build(entries);
  plan->key.assign(list.key().begin(), list.key().end());
  std::size_t begin = 0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const auto place = list.local().subspan(begin, ends[i] - begin);
    plan->part[i].place.assign(place.begin(), place.end());
    plan->part[i].tile = tiles_of(place, plan->key.size());
    begin = ends[i];
  }
  return plan;
}

LaneRuns runs_of(std::span<const Key> key,
                 std::span<const std::uint16_t> lane_of,
                 std::size_t lane_count) {
  LaneRuns out;
  out.lane_begin.assign(lane_count + 1, 0);
  std::vector<std::uint16_t> lanes;  // by run
  std::uint32_t bucket = placement::kBucketCount;
  for (std::uint32_t i = 0; i < key.size(); ++i) {
    const auto now = placement::bucket_of(key[i]);
    const auto lane = lane_of[now];
    if (now != bucket && (lanes.empty() || lanes.back() != lane)) {
      if (!out.run.empty()) out.run.back().end = i;
      out.run.push_back({.begin = i, .end = 0, .to = 0});
      lanes.push_back(lane);
    }
    bucket = now;
    ++out.lane_begin[lane + std::size_t{1}];
  }
  if (!out.run.empty()) {
    out.run.back().end = static_cast<std::uint32_t>(key.size());
  }
  for (std::size_t l = 0; l < lane_count; ++l) {
    out.lane_begin[l + 1] += out.lane_begin[l];
  }
  auto next = out.lane_begin;
  for (std::size_t r = 0; r < out.run.size(); ++r) {
    auto& run = out.run[r];
    run.to = next[lanes[r]];
    next[lanes[r]] += run.end - run.begin;
  }
  return out;
}

}  // namespace

std::size_t KeyPlan::Part::first_from(std::uint32_t at) const {
  const auto first = tile[std::min<std::size_t>(at / kTile, tile.size() - 1)];
  if (at % kTile == 0) return first;
  const auto begin = place.begin() + first;
  return static_cast<std::size_t>(std::lower_bound(begin, place.end(), at) -
                                  place.begin());
}

std::size_t KeyPlan::byte_count() const {
  std::size_t bytes = sizeof(KeyPlan) + key.size() * sizeof(Key);
  for (const auto& p : part) {
    bytes +=
        sizeof(Part) + (p.place.size() + p.tile.size()) * sizeof(std::uint32_t);
    if (p.plan) bytes += p.plan->byte_count();
  }
  for (const auto& l : lanes) {
    bytes += sizeof(LaneRuns) + l.run.size() * sizeof(LaneRuns::Run) +
             l.lane_begin.size() * sizeof(std::uint32_t);
  }
  return bytes;
}

std::shared_ptr<const KeyPlan> make_key_plan(
    store::Node node, const KeysOf& keys_of,
    const placement::Placement& placement, std::size_t table_count) {
  auto plan = merged(node, keys_of);
  for (std::size_t t = 0; t < table_count; ++t) {
    plan->lanes.push_back(
        runs_of(plan->key, placement.bucket_lanes(t), placement.lane_count()));
  }
  return plan;
}

std::shared_ptr<const KeyPlan> KeyPlanCache::find(const Name& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = plans_.find(name);
  return found == plans_.end() ? nullptr : found->second;
}

void KeyPlanCache::keep(const Name& name, std::shared_ptr<const KeyPlan> plan) {
  const auto size = plan->byte_count();
  const std::lock_guard lock(mutex_);
  if (bytes_ + size > byte_max_) return;
  if (plans_.emplace(name, std::move(plan)).second) bytes_ += size;
}

}  // namespace psmith::node
