// Sealing: bytes that carry their own SHA-256.
//
// The bytes hold "digest":"<64 hexadecimal digits>" exactly once (inside a JSON
// text no string can contain that sequence: its quotes would be escaped). The
// digest is that of the bytes with the 64 digits written as zeros, so every
// byte is covered. Any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace psmith::data {

// What to write where the digest will stand: 64 zeros.
std::string blank_digest();

// Puts the digest in place of the blank and returns it. text: where to look
// for it; whole: text and all that follows it. REQUIRES: the blank is there;
// text lies within whole
std::string seal(std::span<char> text, ByteView whole);

// The digest, if the bytes bear it out. REQUIRES: text lies within whole
std::optional<std::string> check_seal(std::string_view text, ByteView whole);

}  // namespace psmith::data
