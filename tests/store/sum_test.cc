#include "store/sum.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

namespace psmith::store {
namespace {

TableSum table_of_keys(std::vector<placement::Key> keys, float value) {
  std::sort(keys.begin(), keys.end(), placement::mixed_less);
  TableSum t;
  std::vector<float> values;
  t.width = 2;
  t.list = std::make_shared<KnownList>();
  for (const auto key : keys) {
    t.list->mixed.push_back(placement::mixed(key));
    t.list->row.push_back(static_cast<std::uint32_t>(key));
    values.push_back(value);
    values.push_back(static_cast<float>(key));
  }
  t.value = std::move(values);
  return t;
}

}  // namespace

TEST_CASE("joined tables hold the union, shared keys added", "[store]") {
  Sum a, b;
  a.table = {table_of_keys({1, 2, 3}, 1)};
  b.table = {table_of_keys({2, 3, 4, 5}, 10)};
  join(a, std::move(b));
  const auto& t = a.table[0];
  REQUIRE(std::is_sorted(t.list->mixed.begin(), t.list->mixed.end()));
  REQUIRE(t.list->size() == 5);
  for (std::size_t i = 0; i < t.list->size(); ++i) {
    const auto key = placement::unmixed(t.list->mixed[i]);
    REQUIRE(t.list->row[i] == key);
    const bool both = key == 2 || key == 3;
    const float first = both ? 11.0F : key == 1 ? 1.0F : 10.0F;
    REQUIRE(t.value[2 * i] == first);
    REQUIRE(t.value[2 * i + 1] ==
            static_cast<float>(key) * (both ? 2.0F : 1.0F));
  }
}

TEST_CASE("a key of one side keeps the sign of its zero", "[store]") {
  for (const float zero : {0.0F, -0.0F}) {
    Sum a, b;
    a.table = {table_of_keys({1, 2}, zero)};
    b.table = {table_of_keys({2, 3}, zero)};
    join(a, std::move(b));
    for (std::size_t i = 0; i < 3; ++i) {
      REQUIRE(std::signbit(a.table[0].value[2 * i]) == std::signbit(zero));
    }
  }
}

TEST_CASE("an empty side leaves the other as it is", "[store]") {
  Sum a, b;
  a.table = {table_of_keys({}, 0)};
  b.table = {table_of_keys({7}, 2)};
  join(a, std::move(b));
  REQUIRE(a.table[0].list->mixed ==
          std::vector<std::uint64_t>{placement::mixed(7)});
}

}  // namespace psmith::store
