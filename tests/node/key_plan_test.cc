#include "node/key_plan.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "leaves.h"

namespace psmith::node {

using placement::Key;

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
