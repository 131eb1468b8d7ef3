// Time that comes from outside. Pure code is given an Instant; shells read a
// Clock. SteadyClock is safe from any thread.
#pragma once

#include <chrono>

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

}  // namespace psmith
