#include "data/key_list.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/check.h"

namespace psmith::data {
namespace {

using placement::Key;
using placement::mixed;

// Above every mixed key in the table: one that mixes to it is left to the sort.
constexpr auto kEmpty = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t kProbeMax = 256;
constexpr std::size_t kSlotMin = 16;

}  // namespace

void KeyList::build(std::span<const Key> entries) {
  PSM_CHECK(entries.size() < std::numeric_limits<std::uint32_t>::max(),
            "a micro-batch of over 2^32 entries");
  key_.clear();
  local_.resize(entries.size());
  if (!build_by_table(entries)) build_by_sort(entries);
}

bool KeyList::build_by_table(std::span<const Key> entries) {
  const auto home_count = std::bit_ceil(std::max(kSlotMin, 2 * entries.size()));
  const int shift = 64 - std::countr_zero(home_count);
  // Past the last home there is room for one run of probes, never a wrap.
  slot_.assign(home_count + 2 * kProbeMax, kEmpty);
  for (const auto key : entries) {
    const auto m = mixed(key);
    if (m == kEmpty) return false;
    std::size_t at = static_cast<std::size_t>(m >> shift);
    const auto end = at + kProbeMax;
    while (slot_[at] < m) {
      if (++at == end) return false;
    }
    // Moves the rest of the run up by one; a key already there ends it.
    for (auto carry = m; slot_[at] != carry; ++at) {
      std::swap(slot_[at], carry);
      if (carry == kEmpty) break;
      if (at + 1 == end) return false;
    }
  }
  rank_.resize(slot_.size());
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < slot_.size(); ++i) {
    rank_[i] = count;
    count += slot_[i] != kEmpty ? 1U : 0U;
  }
  key_.resize(count);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto m = mixed(entries[i]);
    std::size_t at = static_cast<std::size_t>(m >> shift);
    while (slot_[at] != m) ++at;
    local_[i] = rank_[at];
    key_[rank_[at]] = entries[i];
  }
  return true;
}

void KeyList::build_by_sort(std::span<const Key> entries) {
  key_.assign(entries.begin(), entries.end());
  std::sort(key_.begin(), key_.end(), placement::mixed_less);
  key_.erase(std::unique(key_.begin(), key_.end()), key_.end());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto at = std::lower_bound(key_.begin(), key_.end(), entries[i],
                                     placement::mixed_less);
    local_[i] = static_cast<std::uint32_t>(at - key_.begin());
  }
}

}  // namespace psmith::data
