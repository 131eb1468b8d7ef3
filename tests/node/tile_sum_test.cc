#include "node/tile_sum.h"

#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>

#include "leaves.h"

namespace psmith::node {

using placement::Key;

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

}  // namespace psmith::node
