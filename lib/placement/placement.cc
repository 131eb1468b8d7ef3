#include "placement/placement.h"

#include <algorithm>

#include "base/check.h"
#include "base/rng.h"

namespace psmith::placement {
namespace {

// The lane with the largest hash of (lane id, kind, thing, part).
std::size_t winner(std::span<const std::uint64_t> lane_ids, std::uint64_t kind,
                   std::uint64_t thing, std::uint64_t part) {
  std::size_t best = 0;
  std::uint64_t best_score = 0;
  for (std::size_t i = 0; i < lane_ids.size(); ++i) {
    const auto score = seed_of({lane_ids[i], kind, thing, part});
    const bool wins = score > best_score ||
                      (score == best_score && lane_ids[i] < lane_ids[best]);
    if (i == 0 || wins) {
      best = i;
      best_score = score;
    }
  }
  return best;
}

}  // namespace

Placement::Placement(std::span<const std::uint64_t> lane_ids,
                     std::span<const std::size_t> dense_sizes,
                     std::size_t table_count)
    : ranges_(lane_ids.size()), bucket_lane_(table_count) {
  PSM_CHECK(!lane_ids.empty(), "a placement needs a lane");
  for (std::uint32_t t = 0; t < dense_sizes.size(); ++t) {
    for (std::uint64_t begin = 0; begin < dense_sizes[t]; begin += kRangeSize) {
      const auto end =
          std::min<std::uint64_t>(begin + kRangeSize, dense_sizes[t]);
      ranges_[winner(lane_ids, 0, t, begin)].push_back({t, begin, end});
    }
  }
  for (std::size_t t = 0; t < table_count; ++t) {
    bucket_lane_[t].resize(kBucketCount);
    for (std::uint32_t b = 0; b < kBucketCount; ++b) {
      bucket_lane_[t][b] =
          static_cast<std::uint16_t>(winner(lane_ids, 1, t, b));
    }
  }
}

}  // namespace psmith::placement
