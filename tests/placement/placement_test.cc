#include "placement/placement.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <vector>

namespace psmith::placement {

TEST_CASE("every element of every tensor is on one lane", "[placement]") {
  const std::vector<std::uint64_t> lanes{4, 9, 11};
  const std::vector<std::size_t> sizes{10, kRangeSize * 5 + 3, kRangeSize};
  const Placement placement(lanes, sizes, 1);
  std::vector<std::size_t> held(sizes.size());
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    const auto ranges = placement.ranges(lane);
    REQUIRE(std::is_sorted(
        ranges.begin(), ranges.end(), [](const Range& a, const Range& b) {
          return std::pair(a.tensor, a.begin) < std::pair(b.tensor, b.begin);
        }));
    for (const auto& r : ranges) {
      REQUIRE(r.begin % kRangeSize == 0);
      held[r.tensor] += r.size();
    }
  }
  REQUIRE(held == sizes);
}

TEST_CASE("a lane more moves only what it takes", "[placement]") {
  const std::vector<std::uint64_t> two{1, 2}, three{1, 2, 3};
  const std::vector<std::size_t> none;
  const Placement before(two, none, 1), after(three, none, 1);
  std::array<int, 3> held{};
  for (Key key = 0; key < 3000; ++key) {
    const auto lane = after.lane_of(0, key);
    ++held[lane];
    if (lane != 2) REQUIRE(before.lane_of(0, key) == lane);
  }
  for (const auto count : held) REQUIRE(count > 600);
}

}  // namespace psmith::placement
