// The header frame of a message: Body to msgpack and back.
//
// A header is one map: 0: type, 1: wire version, 2: lengths of the blobs, then
// the body's fields (fields.h). Unknown keys are skipped, missing ones keep
// their defaults, repeated ones overwrite, maps and arrays whole. The limits of
// limits.h hold, and nothing is allocated for a length that is only claimed. No
// exception leaves these functions. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/message.h"

namespace psmith::wire {

struct Header {
  std::uint32_t type = 0;
  std::uint32_t version = 0;
  std::vector<std::uint64_t> blob_bytes;
};

// Errors: exhausted (a limit that the message is over), unavailable (no
// memory).
Result<std::vector<std::byte>> encode_header(
    const Body& body, std::span<const std::uint64_t> blob_bytes);

// Checks the whole frame's structure, and reads what every wire version has in
// common. Errors: corrupt (what is wrong with it), exhausted (no memory).
Result<Header> decode_header(ByteView frame);

// REQUIRES: header == *decode_header(frame). Errors: conflict (another wire
// version, unless it is a Refused), corrupt (unknown type, bad field),
// exhausted (no memory).
Result<Body> decode_body(ByteView frame, const Header& header);

std::uint32_t type_of(const Body& body);
std::string_view name_of(const Body& body);  // "PushPull"

}  // namespace psmith::wire
