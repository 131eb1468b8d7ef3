#include "store/key_cache.h"

#include <catch2/catch.hpp>

namespace psmith::store {

TEST_CASE("a full cache admits no more and keeps what it has", "[store]") {
  KeyCache cache(900);
  const auto list = std::make_shared<KnownList>();
  list->mixed.resize(20);
  list->row.resize(20);
  const wire::KeyList a{.dataset = 1, .shard = 2, .begin = 3, .end = 4};
  const wire::KeyList b{.dataset = 1, .shard = 2, .begin = 4, .end = 5};
  REQUIRE(cache.find(0, a) == nullptr);
  REQUIRE(cache.keep(0, a, list));
  REQUIRE_FALSE(cache.keep(0, b, list));
  REQUIRE(cache.find(0, a) == list);
  REQUIRE(cache.find(1, a) == nullptr);
  REQUIRE(cache.find(0, b) == nullptr);
}

TEST_CASE("a cache of one epoch drops its oldest list", "[store]") {
  KeyCache cache(1200, KeyCache::Full::drops_the_oldest);
  const auto list = [](std::size_t size) {
    const auto l = std::make_shared<KnownList>();
    l->mixed.resize(size);
    return l;
  };
  const auto name = [](std::uint32_t i) {
    return wire::KeyList{.dataset = 1, .shard = 0, .begin = i, .end = i + 1};
  };
  for (std::uint32_t i = 0; i < 5; ++i) {
    REQUIRE(cache.keep(0, name(i), list(20)));
    REQUIRE(cache.find(0, name(i)) != nullptr);
    REQUIRE((i < 2 || cache.find(0, name(i - 2)) == nullptr));
    REQUIRE((i < 1 || cache.find(0, name(i - 1)) != nullptr));
  }
  REQUIRE_FALSE(cache.keep(0, name(9), list(100)));
  REQUIRE(cache.find(0, name(4)) != nullptr);
}

TEST_CASE("a name keeps its first keys", "[store]") {
  KeyCache cache(100000);
  const wire::KeyList name{.dataset = 1, .shard = 2, .begin = 3, .end = 4};
  const auto list = std::make_shared<KnownList>();
  list->mixed = {1, 2};
  const auto same = std::make_shared<KnownList>(*list);
  const auto other = std::make_shared<KnownList>();
  other->mixed = {1, 3};
  REQUIRE(cache.keep(0, name, list));
  REQUIRE(cache.keep(0, name, same));
  REQUIRE_FALSE(cache.keep(0, name, other));
  REQUIRE(cache.find(0, name) == list);
  cache.clear();
  REQUIRE(cache.find(0, name) == nullptr);
  REQUIRE(cache.keep(0, name, other));
}

}  // namespace psmith::store
