#include "node/key_plan.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "base/rng.h"
#include "node/tile_sum.h"

namespace psmith::node {
namespace {

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

placement::Placement lanes(std::size_t count) {
  std::vector<std::uint64_t> ids(count);
  for (std::size_t i = 0; i < count; ++i) ids[i] = 7 + i;
  return placement::Placement(ids, {}, 1);
}

std::shared_ptr<const KeyPlan> plan_of(const Leaves& leaves,
                                       std::size_t lane_count) {
  const auto count = static_cast<std::uint32_t>(leaves.key.size());
  return make_key_plan(
      {0, count},
      [&](std::uint32_t i) { return std::span<const Key>(leaves.key[i]); },
      lanes(lane_count), 1);
}

}  // namespace

TEST_CASE("tiles are summed with the bits of the tree's joins", "[node]") {
  Rng rng(1);
  for (const std::uint32_t count : {1, 2, 3, 7, 16, 17, 31, 32, 33, 100, 300}) {
    for (const Key key_max : {20, 4000}) {
      const Leaves leaves(count, count % 3 == 0 ? 2 : 1, key_max, rng);
      const auto plan = plan_of(leaves, 1);
      const auto sum = leaves.joined({0, count});
      const auto& expected = sum.table[0];
      REQUIRE(plan->key.size() == expected.list->size());
      TileSum summer(leaves.width, 0, leaves.value);
      std::vector<float> got(expected.value.size());
      const auto n = static_cast<std::uint32_t>(plan->key.size());
      for (std::uint32_t begin = 0; begin < n;) {
        const auto end = std::min<std::uint32_t>(
            n, begin + 1 + static_cast<std::uint32_t>(rng.below(600)));
        summer.sum(*plan, begin, end, got.data() + begin * leaves.width);
        begin = end;
      }
      REQUIRE(std::equal(got.begin(), got.end(), expected.value.data(),
                         [](float a, float b) {
                           return std::bit_cast<std::uint32_t>(a) ==
                                  std::bit_cast<std::uint32_t>(b);
                         }));
    }
  }
}

TEST_CASE("a plan's runs give each lane its keys in order", "[node]") {
  Rng rng(2);
  for (const std::size_t lane_count : {1, 2, 5}) {
    const Leaves leaves(9, 1, 5000, rng);
    const auto plan = plan_of(leaves, lane_count);
    const auto place = lanes(lane_count);
    const auto& runs = plan->lanes[0];
    std::vector<std::vector<Key>> expected(lane_count);
    for (const auto key : plan->key) {
      expected[place.lane_of(0, key)].push_back(key);
    }
    std::vector<Key> by_lane(plan->key.size());
    for (const auto& run : runs.run) {
      std::copy(plan->key.begin() + run.begin, plan->key.begin() + run.end,
                by_lane.begin() + run.to);
    }
    for (std::size_t lane = 0; lane < lane_count; ++lane) {
      REQUIRE(runs.count(lane) == expected[lane].size());
      const auto begin = by_lane.begin() + runs.lane_begin[lane];
      REQUIRE(std::equal(expected[lane].begin(), expected[lane].end(), begin));
    }
  }
}

TEST_CASE("a full cache of plans admits no more", "[node]") {
  Rng rng(3);
  const Leaves leaves(4, 1, 100, rng);
  const auto plan = plan_of(leaves, 1);
  KeyPlanCache cache(plan->byte_count() + plan->byte_count() / 2);
  const KeyPlanCache::Name a{false, 0, 0, 4}, b{false, 0, 4, 8};
  REQUIRE(cache.find(a) == nullptr);
  cache.keep(a, plan);
  cache.keep(a, plan);
  cache.keep(b, plan);
  REQUIRE(cache.find(a) == plan);
  REQUIRE(cache.find(b) == nullptr);
}

}  // namespace psmith::node
