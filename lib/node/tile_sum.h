// TileSum: the sums of a table's gradients over a subtree's leaves, a tile of
// keys at a time, so that what is added stays in the first cache.
//
// For each tile the parts of the plan are spread over its keys and added along
// the reduction tree, left before right; where a part lacks a key it adds -0,
// which changes no float. So the bits are those of joining sibling by sibling.
// One thread at a time; reuse one object: it keeps its memory.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "node/key_plan.h"

namespace psmith::node {

class TileSum {
 public:
  // leaf: by leaf of the whole plan, (its keys, width) floats.
  TileSum(std::uint32_t width, std::uint32_t first_leaf,
          std::span<const std::vector<float>> leaf)
      : width_(width), first_leaf_(first_leaf), leaf_(leaf) {}

  // Keys [begin, end) of the plan to out: (end - begin, width).
  // REQUIRES: begin < end
  void sum(const KeyPlan& plan, std::uint32_t begin, std::uint32_t end,
           float* out) {
    sum(plan, begin, end, out, 0);
  }

 private:
  // A binary counter of partial sums; the first is the result's own place.
  static constexpr std::size_t kEntries = 5;  // of 16 parts at most
  struct Level {
    std::array<std::vector<float>, kEntries> buffer;
    std::vector<float> part;
  };
  struct Entry {
    float* value = nullptr;
    bool any = false;
  };
  void sum(const KeyPlan& plan, std::uint32_t begin, std::uint32_t end,
           float* out, std::size_t depth);
  bool spread(const KeyPlan::Part& part, std::uint32_t begin, std::uint32_t end,
              float* out, std::size_t depth);
  static void add(Entry& left, const Entry& right, std::size_t size);

  const std::uint32_t width_, first_leaf_;
  const std::span<const std::vector<float>> leaf_;
  std::deque<Level> levels_;  // by depth; references stay
};

}  // namespace psmith::node
