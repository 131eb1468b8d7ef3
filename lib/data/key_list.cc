#include "data/key_list.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/check.h"

namespace psmith::data {
namespace {

using placement::Key;
using placement::mixed;

// Entries that a sort by parts may move, by their number, before it counts as
// keys chosen to collide.
constexpr std::size_t kMovesEach = 16;

}  // namespace

void KeyList::build(std::span<const Key> entries) {
  const auto count = entries.size();
  PSM_CHECK(count < std::numeric_limits<std::uint32_t>::max(),
            "a micro-batch of over 2^32 entries");
  key_count_ = 0;
  local_.resize(count);
  if (count == 0) return;
  at_bits_ =
      static_cast<int>(std::bit_width(std::max<std::size_t>(2, count) - 1));
  place(entries);
  if (put_in_order() && number(entries)) return;
  sort_whole(entries);
  number(entries);
}

// By the top bits of the mixed keys: about one entry a part.
void KeyList::place(std::span<const Key> entries) {
  const auto count = entries.size();
  const int shift = 64 - at_bits_;
  begin_.assign((std::size_t{1} << at_bits_) + 1, 0);
  sorted_.resize(count);
  mixed_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    mixed_[i] = mixed(entries[i]);
    ++begin_[(mixed_[i] >> shift) + 1];
  }
  std::uint32_t sum = 0;
  for (auto& begin : begin_) begin = sum += begin;
  const auto top = ~std::uint64_t{0} << at_bits_;
  for (std::size_t i = 0; i < count; ++i) {
    const auto m = mixed_[i];
    sorted_[begin_[m >> shift]++] = (m & top) | i;
  }
}

// An insertion sort, for what is almost sorted. False: it is not.
bool KeyList::put_in_order() {
  std::size_t moves = 0;
  const auto moves_max = kMovesEach * (sorted_.size() + 64);
  for (std::size_t i = 1; i < sorted_.size(); ++i) {
    const auto entry = sorted_[i];
    auto at = i;
    for (; at > 0 && entry < sorted_[at - 1]; --at) {
      sorted_[at] = sorted_[at - 1];
    }
    sorted_[at] = entry;
    moves += i - at;
    if (moves > moves_max) return false;
  }
  return true;
}

void KeyList::sort_whole(std::span<const Key> entries) {
  const auto low = (std::uint64_t{1} << at_bits_) - 1;
  std::sort(sorted_.begin(), sorted_.end(),
            [&](std::uint64_t a, std::uint64_t b) {
              return placement::mixed_less(entries[a & low], entries[b & low]);
            });
}

// The distinct keys and which of them each entry is. False: the sorted numbers
// do not tell some keys apart, so that these may be out of order.
bool KeyList::number(std::span<const Key> entries) {
  const auto low = (std::uint64_t{1} << at_bits_) - 1;
  if (key_.size() < entries.size()) key_.resize(entries.size());
  std::uint32_t rank = 0;
  auto last = sorted_.front();
  auto last_key = entries[last & low];
  bool apart = true;
  for (const auto entry : sorted_) {
    const auto at = entry & low;
    const auto key = entries[at];
    const bool fresh = key != last_key;
    apart &= !fresh | ((entry ^ last) > low);
    rank += fresh ? 1U : 0U;
    key_[rank] = key;
    local_[at] = rank;
    last = entry;
    last_key = key;
  }
  key_count_ = rank + 1;
  return apart;
}

}  // namespace psmith::data
