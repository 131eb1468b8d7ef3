// Time that comes from outside. Pure code is given an Instant; shells read a
// Clock. SteadyClock is safe from any thread.
#pragma once

#include <chrono>
#include <cstdint>

namespace psmith {

using Duration = std::chrono::nanoseconds;
// Since an arbitrary start; comparable within one process only.
using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
};

class SteadyClock final : public Clock {
 public:
  Instant now() const override { return std::chrono::steady_clock::now(); }
};

// Milliseconds since 1970: the time of day, for what people read. Any thread.
inline std::uint64_t unix_ms() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

}  // namespace psmith
