#include "data/key_list.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "base/rng.h"

namespace psmith::data {
namespace {

using placement::Key;
using placement::mixed;
using placement::unmixed;

void check(const std::vector<Key>& entries) {
  KeyList list;
  list.build(entries);
  auto expected = entries;
  std::sort(expected.begin(), expected.end(), placement::mixed_less);
  expected.erase(std::unique(expected.begin(), expected.end()), expected.end());
  REQUIRE(std::vector(list.key().begin(), list.key().end()) == expected);
  REQUIRE(list.local().size() == entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (list.key()[list.local()[i]] != entries[i]) FAIL("entry " << i);
  }
}

}  // namespace

TEST_CASE("a key list is sorted by mixed key and has each key once", "[data]") {
  check({});
  check({5});
  check({5, 5, 5});
  check({3, 1, 2, 1, 0, ~Key{0}});
  Rng rng(1);
  for (const std::uint64_t distinct : {1, 2, 10, 1000, 100000}) {
    std::vector<Key> entries(5000);
    for (auto& key : entries) key = rng.below(distinct);
    check(entries);
    for (auto& key : entries) key = rng.next();
    check(entries);
  }
}

TEST_CASE("a key list can be built again", "[data]") {
  KeyList list;
  const std::vector<Key> many{1, 2, 3, 4, 5, 6, 7}, few{9, 9};
  list.build(many);
  list.build(few);
  REQUIRE(list.key().size() == 1);
  REQUIRE(list.local().size() == 2);
}

TEST_CASE("keys chosen to collide are sorted all the same", "[data]") {
  REQUIRE(placement::mixed(unmixed(12345)) == 12345);
  std::vector<Key> entries;
  for (std::uint64_t i = 2000; i-- > 0;) entries.push_back(unmixed(i));
  check(entries);
  entries.clear();
  // The very end of the table, and the mixed key that stands for "empty".
  for (std::uint64_t i = 0; i < 300; ++i) entries.push_back(unmixed(~i));
  check(entries);
  entries.erase(entries.begin());
  check(entries);
  entries.resize(100);
  check(entries);
}

TEST_CASE("keys whose mixed keys differ in their last bit are told apart",
          "[data]") {
  // Many enough that the sorted numbers leave that bit out.
  std::vector<Key> entries;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    entries.push_back(unmixed(mixed(i) ^ 1));
    entries.push_back(i);
    if (i % 3 == 0) entries.push_back(unmixed(mixed(i) ^ 1));
  }
  check(entries);
}

}  // namespace psmith::data
