// A message as the frames of one multipart: the header, then the blobs.
//
// The header names the length of every blob. A blob's bytes fill one or more
// frames, in order; no frame holds bytes of two blobs, and an empty blob has
// no frame. Senders cut at kBlobFrameBytesMax, except in memory, where a blob
// is one frame and arrives as the same memory. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/message.h"

namespace psmith::wire {

enum class Cut : std::uint8_t { no, yes };

// Blobs share their memory with the message. Errors: exhausted (over a limit),
// unavailable (no memory).
Result<std::vector<Blob>> to_frames(const Message& message, Cut cut);

// A blob of one frame shares the frame's memory; others are joined into new
// memory, as large as the frames that are there; nothing is joined of a message
// over the limits. Errors: conflict (another wire version), corrupt (anything
// else), exhausted (no memory).
Result<Message> from_frames(std::span<const Blob> frames);

}  // namespace psmith::wire
