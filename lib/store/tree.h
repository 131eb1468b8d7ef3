// The reduction tree of a step: a fixed binary tree over M leaves, whatever
// the workers. A node [begin, end) of more than one leaf has as its left child
// the largest power of two of leaves below its size.
//
// Tree holds disjoint nodes and joins siblings as they come. A node that a
// held one covers is dropped; one that covers held nodes replaces them. Sums
// of the same leaves have the same bits, so either choice gives one result.
// Pure; the lane's thread.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "store/sum.h"

namespace psmith::store {

struct Node {
  std::uint32_t begin = 0, end = 0;  // leaves
  std::uint32_t size() const { return end - begin; }
  friend bool operator==(const Node&, const Node&) = default;
};

// First leaf of the right child. REQUIRES: size() >= 2
std::uint32_t middle_of(Node node);

bool is_node(Node node, std::uint32_t leaf_count);

// REQUIRES: is_node(node), node is not the root
Node sibling_of(Node node, std::uint32_t leaf_count);

// The maximal whole subtrees that make up leaves [run.begin, run.end), in
// order. REQUIRES: run within [0, leaf_count)
std::vector<Node> subtrees_of(Node run, std::uint32_t leaf_count);

// Test-only switches: each plants one fault that tests/sim must find.
struct Faults {
  bool no_duplicate_check = false;  // a node held already is added again
  bool add_covered = false;         // a covered node is added to its cover
  bool add_held = false;            // held nodes are added to their cover
  bool drop_version_early = false;  // v is dropped as soon as v+1 exists
  bool accept_stale = false;  // any recovery and placement number is taken
};

class Tree {
 public:
  // joins: as join() takes it; outlives the tree.
  explicit Tree(std::uint32_t leaf_count, Faults faults = {},
                JoinCache* joins = nullptr)
      : leaf_count_(leaf_count), faults_(faults), joins_(joins) {}

  // False if the leaves were here already (the sum is dropped).
  // REQUIRES: is_node(node, leaf_count)
  bool add(Node node, Sum sum);

  bool complete() const {
    return held_.size() == 1 && held_.begin()->second.node.begin == 0 &&
           held_.begin()->second.node.end == leaf_count_;
  }
  // The whole sum. REQUIRES: complete(). Leaves the tree complete but empty.
  Sum take();

  // Runs of leaves that no held node covers, in order.
  std::vector<Node> missing() const;

 private:
  struct Held {
    Node node;
    Sum sum;
  };
  bool covered(Node node);
  void join_up(Node node);

  std::uint32_t leaf_count_;
  Faults faults_;
  JoinCache* joins_;
  std::map<std::uint32_t, Held> held_;  // by first leaf; disjoint
};

}  // namespace psmith::store
