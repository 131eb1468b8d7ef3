// How soon the loss of a worker is noticed, in heartbeats of virtual time:
// until its leaves are leased again to others. With the master up; with the
// master down; and of a worker that beats but computes no more. Any thread.
#pragma once

#include <cstdint>

namespace psmith::sim {

// Simulates those seeds, a third each, and prints the median and the worst; of
// a single seed the events too. 0: none took more than kNoticedMax.
int noticed(std::uint64_t first, std::uint64_t last);

inline constexpr double kNoticedMax = 5;  // heartbeats

}  // namespace psmith::sim
