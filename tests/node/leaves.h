// Leaves of a table's gradients, drawn by a seed, and the plan of their keys.
#pragma once

#include <algorithm>
#include <memory>
#include <set>
#include <vector>

#include "base/rng.h"
#include "node/key_plan.h"
#include "store/sum.h"

namespace psmith::node {

using placement::Key;

// Leaves with keys and gradients drawn by a seed; some have none.
struct Leaves {
  std::vector<std::vector<Key>> key;
  std::vector<std::vector<float>> value;
  std::uint32_t width;

  Leaves(std::uint32_t count, std::uint32_t row_width, Key key_max, Rng& rng)
      : width(row_width) {
    for (std::uint32_t i = 0; i < count; ++i) {
      std::set<Key> keys;
      for (auto n = rng.below(60); n > 0; --n) keys.insert(rng.below(key_max));
      key.emplace_back(keys.begin(), keys.end());
      std::sort(key.back().begin(), key.back().end(), placement::mixed_less);
      value.emplace_back();
      for (std::size_t v = 0; v < key.back().size() * width; ++v) {
        const double u = rng.uniform();
        value.back().push_back(u < 0.1 ? -0.0F : static_cast<float>(u - 0.5));
      }
    }
  }

  // As the lanes do it: sibling by sibling.
  store::Sum joined(store::Node node) const {
    if (node.size() > 1) {
      const auto middle = store::middle_of(node);
      auto left = joined({node.begin, middle});
      store::join(left, joined({middle, node.end}));
      return left;
    }
    store::Sum sum;
    auto list = std::make_shared<store::KnownList>();
    for (const auto k : key[node.begin]) {
      list->mixed.push_back(placement::mixed(k));
    }
    list->row.resize(list->size());
    sum.table.push_back({width, std::move(list), value[node.begin]});
    return sum;
  }
};

inline placement::Placement lanes(std::size_t count) {
  std::vector<std::uint64_t> ids(count);
  for (std::size_t i = 0; i < count; ++i) ids[i] = 7 + i;
  return placement::Placement(ids, {}, 1);
}

inline std::shared_ptr<const KeyPlan> plan_of(const Leaves& leaves,
                                              std::size_t lane_count) {
  const auto count = static_cast<std::uint32_t>(leaves.key.size());
  return make_key_plan(
      {0, count},
      [&](std::uint32_t i) { return std::span<const Key>(leaves.key[i]); },
      lanes(lane_count), 1);
}

}  // namespace psmith::node
