#include "store/tree.h"

#include <bit>

#include "base/check.h"

namespace psmith::store {

std::uint32_t middle_of(Node node) {
  return node.begin + std::bit_floor(node.size() - 1);
}

bool is_node(Node node, std::uint32_t leaf_count) {
  if (node.begin >= node.end || node.end > leaf_count) return false;
  Node at{0, leaf_count};
  while (at.size() > node.size()) {
    const auto middle = middle_of(at);
    if (node.end <= middle) {
      at.end = middle;
    } else if (node.begin >= middle) {
      at.begin = middle;
    } else {
      return false;
    }
  }
  return at == node;
}

Node sibling_of(Node node, std::uint32_t leaf_count) {
  Node at{0, leaf_count};
  while (true) {
    const auto middle = middle_of(at);
    const Node left{at.begin, middle}, right{middle, at.end};
    if (left == node) return right;
    if (right == node) return left;
    at = node.end <= middle ? left : right;
  }
}

std::vector<Node> subtrees_of(Node run, std::uint32_t leaf_count) {
  std::vector<Node> out, open{{0, leaf_count}};
  while (!open.empty()) {
    const Node at = open.back();
    open.pop_back();
    if (at.end <= run.begin || at.begin >= run.end) continue;
    if (at.begin >= run.begin && at.end <= run.end) {
      out.push_back(at);
      continue;
    }
    const auto middle = middle_of(at);
    open.push_back({middle, at.end});
    open.push_back({at.begin, middle});
  }
  return out;
}

bool Tree::covered(Node node) {
  const auto next = held_.upper_bound(node.begin);
  if (next == held_.begin()) return false;
  return std::prev(next)->second.node.end >= node.end;
}

bool Tree::add(Node node, Sum sum) {
  PSM_CHECK(is_node(node, leaf_count_), "a node of this tree");
  if (covered(node)) {
    auto& cover = std::prev(held_.upper_bound(node.begin))->second;
    const bool same = cover.node == node;
    if (same && faults_.no_duplicate_check) join(cover.sum, std::move(sum));
    if (!same && faults_.add_covered) join(cover.sum, std::move(sum));
    return false;
  }
  auto first = held_.lower_bound(node.begin);
  while (first != held_.end() && first->second.node.end <= node.end) {
    if (faults_.add_held) join(sum, std::move(first->second.sum));
    first = held_.erase(first);
  }
  held_.emplace(node.begin, Held{node, std::move(sum)});
  join_up(node);
  return true;
}

void Tree::join_up(Node node) {
  while (node.size() < leaf_count_) {
    const Node sibling = sibling_of(node, leaf_count_);
    const auto other = held_.find(sibling.begin);
    if (other == held_.end() || other->second.node != sibling) return;
    const auto left =
        node.begin < sibling.begin ? held_.find(node.begin) : other;
    const auto right = std::next(left);
    join(left->second.sum, std::move(right->second.sum), joins_);
    left->second.node.end = right->second.node.end;
    held_.erase(right);
    node = left->second.node;
  }
}

Sum Tree::take() {
  PSM_CHECK(complete(), "a complete tree");
  return std::move(held_.begin()->second.sum);
}

std::vector<Node> Tree::missing() const {
  std::vector<Node> out;
  std::uint32_t at = 0;
  for (const auto& [begin, held] : held_) {
    if (begin > at) out.push_back({at, begin});
    at = held.node.end;
  }
  if (at < leaf_count_) out.push_back({at, leaf_count_});
  return out;
}

}  // namespace psmith::store
