// The version of the wire protocol: the meaning of every message and field.
//
// It is in every header (key 1). A node refuses another version, with
// Refused{wire_version}; Refused itself is the same in all versions, so that
// this answer can be read. Fields may be added within a version: old nodes
// skip them.
#pragma once

#include <cstdint>

namespace psmith::wire {

inline constexpr std::uint32_t kWireVersion = 1;

}  // namespace psmith::wire
