// KeyList: the sorted distinct keys of a micro-batch, and which of them each
// entry is.
//
// Keys are sorted by mixed key (placement/key.h). Mixed keys are evenly
// spread, so their top bits almost sort them: an open table in the order of
// the mixed key finds duplicates and order in linear time. Keys chosen to
// collide fall back to a sort. Reuse one object: it keeps its memory. One
// thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "placement/key.h"

namespace psmith::data {

class KeyList {
 public:
  // REQUIRES: fewer than 2^32 entries
  void build(std::span<const placement::Key> entries);

  std::span<const placement::Key> key() const { return key_; }
  // By entry: its index in key().
  std::span<const std::uint32_t> local() const { return local_; }

 private:
  bool build_by_table(std::span<const placement::Key> entries);
  void build_by_sort(std::span<const placement::Key> entries);

  std::vector<placement::Key> key_;
  std::vector<std::uint32_t> local_;
  std::vector<std::uint64_t> slot_;  // mixed keys, ascending; kEmpty between
  std::vector<std::uint32_t> rank_;  // by slot: index in key()
};

}  // namespace psmith::data
