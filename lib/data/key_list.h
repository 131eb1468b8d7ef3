// KeyList: the sorted distinct keys of a micro-batch, and which of them each
// entry is.
//
// Keys are sorted by mixed key (placement/key.h). Mixed keys are evenly
// spread, so their top bits almost sort them: entries are dealt into parts by
// these, one a part on average, and an insertion sort does the rest, in linear
// time. Keys chosen to collide fall back to a full sort. Reuse one object: it
// keeps its memory. One thread.
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

  std::span<const placement::Key> key() const {
    return std::span(key_).first(key_count_);
  }
  // By entry: its index in key().
  std::span<const std::uint32_t> local() const { return local_; }

 private:
  void place(std::span<const placement::Key> entries);
  bool put_in_order();
  void sort_whole(std::span<const placement::Key> entries);
  bool number(std::span<const placement::Key> entries);

  std::vector<placement::Key> key_;  // the first key_count_
  std::size_t key_count_ = 0;
  std::vector<std::uint32_t> local_;
  std::vector<std::uint32_t> begin_;  // of each part
  std::vector<std::uint64_t> mixed_;  // by entry
  // The top bits of a mixed key and then, in at_bits_ bits, its entry.
  std::vector<std::uint64_t> sorted_;
  int at_bits_ = 0;
};

}  // namespace psmith::data
