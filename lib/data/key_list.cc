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
  PSM_CHECK(entries.size() < std::numeric_limits<std::uint32_t>::max(),
            "a micro-batch of over 2^32 entries");
  key_.clear();
  local_.resize(entries.size());
  if (entries.empty()) return;
  place(entries);
  if (!put_in_order()) {
    std::sort(sorted_.begin(), sorted_.end(),
              [](const Entry& a, const Entry& b) { return a.mixed < b.mixed; });
  }
  key_.resize(entries.size());
  std::uint32_t rank = 0;
  std::uint64_t last = sorted_.front().mixed;
  for (const auto& entry : sorted_) {
    rank += entry.mixed != last ? 1U : 0U;
    last = entry.mixed;
    key_[rank] = entries[entry.at];
    local_[entry.at] = rank;
  }
  key_.resize(rank + 1);
}

// By the top bits of the mixed keys: about one entry a part.
void KeyList::place(std::span<const Key> entries) {
  const auto count = entries.size();
  const int shift =
      64 -
      static_cast<int>(std::bit_width(std::max<std::size_t>(2, count) - 1));
  begin_.assign((std::size_t{1} << (64 - shift)) + 1, 0);
  unsorted_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    unsorted_[i] = mixed(entries[i]);
    ++begin_[(unsorted_[i] >> shift) + 1];
  }
  std::uint32_t sum = 0;
  for (auto& begin : begin_) begin = sum += begin;
  sorted_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto m = unsorted_[i];
    sorted_[begin_[m >> shift]++] = {m, static_cast<std::uint32_t>(i)};
  }
}

// An insertion sort, for what is almost sorted. False: it is not.
bool KeyList::put_in_order() {
  std::size_t moves = 0;
  const auto moves_max = kMovesEach * (sorted_.size() + 64);
  for (std::size_t i = 1; i < sorted_.size(); ++i) {
    const auto entry = sorted_[i];
    auto at = i;
    for (; at > 0 && entry.mixed < sorted_[at - 1].mixed; --at) {
      sorted_[at] = sorted_[at - 1];
    }
    sorted_[at] = entry;
    moves += i - at;
    if (moves > moves_max) return false;
  }
  return true;
}

}  // namespace psmith::data
