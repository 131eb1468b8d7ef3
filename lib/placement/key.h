// Keys of sparse rows. A key is any 64-bit number (a libsvm index is its own
// key). Its mixed key, a bijection, spreads keys evenly; the top bits of the
// mixed key are the bucket, the unit of placement of a table. Key lists are
// sorted by mixed key, so each bucket of a list is one run. Pure; any thread.
#pragma once

#include <cstdint>

#include "base/rng.h"

namespace psmith::placement {

using Key = std::uint64_t;

constexpr std::uint64_t mixed(Key key) { return mix64(key); }
constexpr Key unmixed(std::uint64_t mixed_key) { return unmix64(mixed_key); }

// Key lists are in this order.
constexpr bool mixed_less(Key a, Key b) { return mixed(a) < mixed(b); }

inline constexpr unsigned kBucketBits = 8;
inline constexpr std::uint32_t kBucketCount = 1U << kBucketBits;

constexpr std::uint32_t bucket_of_mixed(std::uint64_t mixed_key) {
  return static_cast<std::uint32_t>(mixed_key >> (64 - kBucketBits));
}
constexpr std::uint32_t bucket_of(Key key) {
  return bucket_of_mixed(mixed(key));
}

}  // namespace psmith::placement
