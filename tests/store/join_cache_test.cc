#include "store/join_cache.h"

#include <catch2/catch.hpp>

#include "store/sum.h"

namespace psmith::store {
namespace {

// Mixed keys in order, a row of each, its value.
TableSum table_of_mixed(std::vector<std::uint64_t> mixed, std::uint32_t width,
                        float value) {
  auto list = std::make_shared<KnownList>();
  for (const auto m : mixed) {
    list->row.push_back(static_cast<std::uint32_t>(m) * 10);
  }
  list->mixed = std::move(mixed);
  std::vector<float> values;
  for (std::size_t i = 0; i < list->size() * width; ++i) {
    values.push_back(value + static_cast<float>(i));
  }
  return {.width = width, .list = std::move(list), .value = std::move(values)};
}

}  // namespace

TEST_CASE("lists that are kept are merged once, with the same sums",
          "[store]") {
  for (const std::uint32_t width : {1U, 3U}) {
    JoinCache joins(10000);
    Sum a, b;
    a.table = {table_of_mixed({1, 2, 3, 9}, width, 1)};
    b.table = {table_of_mixed({2, 3, 4, 5}, width, 10)};
    Sum expected = a;
    join(expected, Sum(b), &joins);  // not kept: no plan is made
    a.table[0].list->kept = b.table[0].list->kept = true;
    std::shared_ptr<KnownList> both;
    for (int i = 0; i < 3; ++i) {
      Sum left = a;
      join(left, Sum(b), &joins);
      const auto& list = left.table[0].list;
      REQUIRE(left.table[0].value == expected.table[0].value);
      REQUIRE(list->mixed == expected.table[0].list->mixed);
      REQUIRE(list->row == expected.table[0].list->row);
      REQUIRE(list->kept);
      if (i > 0) REQUIRE(list == both);
      both = list;
    }
    joins.clear();
    Sum left = a;
    join(left, Sum(b), &joins);
    REQUIRE(left.table[0].list != both);
  }
}

TEST_CASE("a full cache of joins admits no more, and sums all the same",
          "[store]") {
  JoinCache joins(10);
  Sum a, b;
  a.table = {table_of_mixed({1, 2}, 1, 1)};
  b.table = {table_of_mixed({2, 3}, 1, 1)};
  a.table[0].list->kept = b.table[0].list->kept = true;
  REQUIRE(joins.plan(a.table[0].list, b.table[0].list) == nullptr);
  join(a, std::move(b), &joins);
  REQUIRE(a.table[0].value == Values{1, 3, 2});
  REQUIRE_FALSE(a.table[0].list->kept);
}

}  // namespace psmith::store
