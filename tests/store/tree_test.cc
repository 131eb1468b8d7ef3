#include "store/tree.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>

#include "base/rng.h"

namespace psmith::store {
namespace {

Sum leaf_sum(float value) {
  Sum sum;
  sum.dense = {{value}};
  return sum;
}

// The sum of [node) computed by plain recursion.
float direct(const std::vector<float>& leaves, Node node) {
  if (node.size() == 1) return leaves[node.begin];
  const auto middle = middle_of(node);
  return direct(leaves, {node.begin, middle}) +
         direct(leaves, {middle, node.end});
}

}  // namespace

TEST_CASE("the left child is the largest power of two below the size",
          "[store]") {
  REQUIRE(middle_of({0, 2}) == 1);
  REQUIRE(middle_of({0, 3}) == 2);
  REQUIRE(middle_of({0, 4}) == 2);
  REQUIRE(middle_of({0, 5}) == 4);
  REQUIRE(middle_of({8, 15}) == 12);
}

TEST_CASE("subtrees of a run cover it once and are nodes", "[store]") {
  for (std::uint32_t m = 1; m <= 33; ++m) {
    for (std::uint32_t b = 0; b < m; ++b) {
      for (std::uint32_t e = b + 1; e <= m; ++e) {
        std::uint32_t at = b;
        for (const auto& node : subtrees_of({b, e}, m)) {
          REQUIRE(node.begin == at);
          REQUIRE(is_node(node, m));
          at = node.end;
        }
        REQUIRE(at == e);
      }
    }
  }
}

TEST_CASE("any arrival order and any cover give the same bits", "[store]") {
  Rng rng(1);
  for (int round = 0; round < 300; ++round) {
    const auto m = static_cast<std::uint32_t>(1 + rng.below(33));
    std::vector<float> leaves(m);
    for (auto& leaf : leaves) leaf = static_cast<float>(rng.normal());
    Tree tree(m);
    while (!tree.complete()) {
      const auto b = static_cast<std::uint32_t>(rng.below(m));
      const auto e = static_cast<std::uint32_t>(b + 1 + rng.below(m - b));
      for (const auto& node : subtrees_of({b, e}, m)) {
        tree.add(node, leaf_sum(direct(leaves, node)));
      }
    }
    REQUIRE(tree.take().dense[0][0] == direct(leaves, {0, m}));
  }
}

TEST_CASE("a covered node is dropped and a covering one replaces", "[store]") {
  Tree tree(4);
  REQUIRE(tree.add({0, 1}, leaf_sum(1)));
  REQUIRE_FALSE(tree.add({0, 1}, leaf_sum(1)));
  REQUIRE(tree.add({0, 2}, leaf_sum(3)));
  REQUIRE_FALSE(tree.add({1, 2}, leaf_sum(2)));
  REQUIRE(tree.missing() == std::vector<Node>{{2, 4}});
  REQUIRE(tree.add({3, 4}, leaf_sum(4)));
  REQUIRE(tree.missing() == std::vector<Node>{{2, 3}});
  REQUIRE(tree.add({2, 3}, leaf_sum(3)));
  REQUIRE(tree.complete());
  REQUIRE(tree.take().dense[0][0] == 10);
}

}  // namespace psmith::store
