// The largest of everything on the wire. A message over one of these is bad:
// it is refused before anything is allocated for it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace psmith::wire {

inline constexpr std::size_t kMiB = std::size_t{1} << 20;

inline constexpr std::size_t kHeaderBytesMax = 18 * kMiB;  // the header frame
inline constexpr std::size_t kStringBytesMax = 16 * kMiB;  // one string
inline constexpr std::size_t kArrayCountMax = std::size_t{1} << 20;
inline constexpr std::size_t kDepthMax = 16;  // nested maps and arrays
// What a decoded header may occupy, strings aside. A header of one-byte
// elements would otherwise grow a thousandfold.
inline constexpr std::size_t kDecodedBytesMax = 32 * kMiB;

// Of one Predict: rows, and what is answered, rows x outputs, in floats.
inline constexpr std::uint64_t kPredictRowMax = std::uint64_t{1} << 20;
inline constexpr std::uint64_t kPredictOutputMax = std::uint64_t{1} << 26;

inline constexpr std::size_t kBlobCountMax = std::size_t{1} << 16;
inline constexpr std::size_t kBlobFrameBytesMax = kMiB;  // longer ones are cut
inline constexpr std::uint64_t kMessageBytesMax = std::uint64_t{4} << 30;
// Frames of one message: every blob may end in a short one.
inline constexpr std::size_t kFrameCountMax =
    1 + kBlobCountMax +
    static_cast<std::size_t>(kMessageBytesMax / kBlobFrameBytesMax);

}  // namespace psmith::wire
