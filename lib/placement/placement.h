// Who holds what: dense ranges and table buckets onto lanes, by weighted
// rendezvous hashing (Thaler, Ravishankar 1998); equal weights for now.
//
// A dense tensor is cut into ranges of kRangeSize floats, the last one short:
// by size only, never by the number of lanes. A Placement is computed from the
// job's lane list and is numbered: a message that names another number is
// refused. Moving one lane moves only what that lane held. Pure; immutable;
// any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "placement/key.h"

namespace psmith::placement {

inline constexpr std::size_t kRangeSize = std::size_t{1} << 16;  // floats

// Half-open run [begin, end) of the flat elements of dense tensor `tensor`.
struct Range {
  std::uint32_t tensor = 0;
  std::uint64_t begin = 0, end = 0;
  std::uint64_t size() const { return end - begin; }
};

class Placement {
 public:
  // lane_ids: one stable number per lane, distinct, at least one.
  // dense_sizes: floats of each dense tensor.
  Placement(std::span<const std::uint64_t> lane_ids,
            std::span<const std::size_t> dense_sizes, std::size_t table_count);

  std::size_t lane_count() const { return ranges_.size(); }

  // The ranges of lane i (its index in lane_ids), by tensor, then begin. This
  // is also the order of dense blobs in messages to and from that lane.
  std::span<const Range> ranges(std::size_t lane) const {
    return ranges_[lane];
  }

  // The lane index that holds this key of table `table`.
  std::size_t lane_of(std::size_t table, Key key) const {
    return bucket_lane_[table][bucket_of(key)];
  }
  // The lane index of each bucket of a table: kBucketCount of them.
  std::span<const std::uint16_t> bucket_lanes(std::size_t table) const {
    return bucket_lane_[table];
  }

 private:
  std::vector<std::vector<Range>> ranges_;               // by lane
  std::vector<std::vector<std::uint16_t>> bucket_lane_;  // by table, bucket
};

}  // namespace psmith::placement
