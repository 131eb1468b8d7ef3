// Damage: every truncation and every flipped bit of a run of bytes, and seeded
// random bytes, for tests of decoders. One thread.
#pragma once

#include <cstddef>
#include <string>

#include "base/bytes.h"
#include "base/rng.h"

namespace psmith::support {

inline Blob blob_of(const std::string& text) {
  const auto bytes = as_bytes(text);
  return Blob::of(std::vector<std::byte>(bytes.begin(), bytes.end()));
}

inline std::string text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// try_it(damaged) for every length below the whole.
template <class TryIt>
void each_truncation(const std::string& text, TryIt try_it) {
  for (std::size_t size = 0; size < text.size(); ++size) {
    try_it(text.substr(0, size));
  }
}

template <class TryIt>
void each_flipped_bit(const std::string& text, TryIt try_it) {
  for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
    auto damaged = text;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    try_it(damaged);
  }
}

// A few random edits: bytes changed, cut out, doubled.
inline std::string mangled(std::string text, Rng& rng) {
  for (auto edits = rng.below(4) + 1; edits > 0 && !text.empty(); --edits) {
    const auto at = rng.below(text.size());
    const auto size = rng.below(8) + 1;
    switch (rng.below(3)) {
      case 0:
        text[at] = static_cast<char>(rng.next());
        break;
      case 1:
        text.erase(at, size);
        break;
      default:
        text.insert(at, text.substr(at, size));
    }
  }
  return text;
}

}  // namespace psmith::support
