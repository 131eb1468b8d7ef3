// Whether every float is finite. Pure; any thread.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>

namespace psmith::data {

// Infinities and NaNs have every exponent bit set. No branch: vectorised.
inline bool all_finite(std::span<const float> values) {
  constexpr std::uint32_t kExponent = 0x7f800000;
  std::uint32_t highest = 0;
  for (const float v : values) {
    highest = std::max(highest, std::bit_cast<std::uint32_t>(v) & kExponent);
  }
  return highest != kExponent;
}

}  // namespace psmith::data
