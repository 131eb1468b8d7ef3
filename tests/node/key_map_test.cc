#include "node/key_map.h"

#include <catch2/catch.hpp>
#include <set>

#include "base/rng.h"

using namespace psmith;
using namespace psmith::node;

namespace {

constexpr std::uint32_t kAbsent = ~std::uint32_t{0};

// Maps keys to their places, and asks for these and for others.
void check(const std::set<std::uint64_t>& known, Rng& rng) {
  const std::vector<std::uint64_t> keys(known.begin(), known.end());
  const KeyMap<std::uint32_t> map(
      keys, [](std::size_t i) { return static_cast<std::uint32_t>(i); },
      kAbsent);
  std::vector<std::uint64_t> asked;
  std::vector<std::uint32_t> want;
  const auto ask = [&](std::uint64_t key) {
    asked.push_back(key);
    const auto at = std::lower_bound(keys.begin(), keys.end(), key);
    want.push_back(at != keys.end() && *at == key
                       ? static_cast<std::uint32_t>(at - keys.begin())
                       : kAbsent);
  };
  for (const auto key : keys) {
    ask(key);
    ask(key + 1);
    ask(rng.next());
  }
  ask(0);
  ask(~std::uint64_t{0});
  std::vector<std::uint32_t> found(asked.size(), 7);
  map.find(asked, found);
  REQUIRE(found == want);
}

}  // namespace

TEST_CASE("a key map finds every key and no other", "[node]") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    INFO("seed " << seed);
    Rng rng(seed);
    std::set<std::uint64_t> known;
    SECTION("small keys") {
      for (int i = 0; i < 1000; ++i) known.insert(rng.below(3000));
    }
    SECTION("any keys") {
      for (int i = 0; i < 1000; ++i) known.insert(rng.next());
    }
    SECTION("few keys") {
      for (std::uint64_t i = 0; i < seed % 4; ++i) known.insert(rng.next());
    }
    SECTION("the smallest and the largest") {
      for (std::uint64_t i = 0; i < seed; ++i) known.insert(i);
      known.insert(~std::uint64_t{0});
    }
    check(known, rng);
  }
}

TEST_CASE("a key map without keys has none", "[node]") {
  const std::vector<std::uint64_t> asked{0, 1, ~std::uint64_t{0}};
  std::vector<float> found(3, 1);
  KeyMap<float>().find(asked, found);
  REQUIRE(found == std::vector<float>{0, 0, 0});
  const KeyMap<float> empty(
      {}, [](std::size_t) { return 1.0F; }, 2.0F);
  empty.find(asked, found);
  REQUIRE(found == std::vector<float>{2, 2, 2});
}
