#include "store/sum.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace psmith::store {
namespace {

TableSum table(std::vector<placement::Key> keys, float value) {
  std::sort(keys.begin(), keys.end(), placement::mixed_less);
  TableSum t;
  t.width = 2;
  for (const auto key : keys) {
    t.key.push_back(key);
    t.value.push_back(value);
    t.value.push_back(static_cast<float>(key));
  }
  return t;
}

}  // namespace

TEST_CASE("joined tables hold the union, shared keys added", "[store]") {
  Sum a, b;
  a.table = {table({1, 2, 3}, 1)};
  b.table = {table({2, 3, 4, 5}, 10)};
  const auto expected_keys = union_of(a.table[0].key, b.table[0].key);
  join(a, std::move(b));
  const auto& t = a.table[0];
  REQUIRE(t.key == expected_keys);
  REQUIRE(std::is_sorted(t.key.begin(), t.key.end(), placement::mixed_less));
  REQUIRE(t.key.size() == 5);
  for (std::size_t i = 0; i < t.key.size(); ++i) {
    const bool both = t.key[i] == 2 || t.key[i] == 3;
    const float first = both ? 11.0F : t.key[i] == 1 ? 1.0F : 10.0F;
    REQUIRE(t.value[2 * i] == first);
    REQUIRE(t.value[2 * i + 1] ==
            static_cast<float>(t.key[i]) * (both ? 2.0F : 1.0F));
  }
}

TEST_CASE("an empty side leaves the other as it is", "[store]") {
  Sum a, b;
  a.table = {table({}, 0)};
  b.table = {table({7}, 2)};
  join(a, std::move(b));
  REQUIRE(a.table[0].key == std::vector<placement::Key>{7});
}

}  // namespace psmith::store
