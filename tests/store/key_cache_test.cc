#include "store/key_cache.h"

#include <catch2/catch.hpp>

namespace psmith::store {

TEST_CASE("a full cache admits no more and keeps what it has", "[store]") {
  KeyCache cache(900);
  const auto list = std::make_shared<KnownList>();
  list->key.resize(20);
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

}  // namespace psmith::store
