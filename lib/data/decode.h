// Decoder: compressed bytes to plain bytes, a piece at a time. gzip (RFC 1952)
// and zstd (RFC 8878); members and frames one after the other are one stream.
// Bounded memory: the codec's own window. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace psmith::data {

class Decoder {
 public:
  struct Step {
    std::size_t taken = 0;  // bytes of `in` used up
    std::size_t given = 0;  // bytes of `out` filled
  };

  virtual ~Decoder() = default;

  // Errors (corrupt) say what is wrong with the stream.
  virtual Result<Step> decode(ByteView in, std::span<char> out) = 0;

  // Whether the stream may end here: between members, not inside one.
  virtual bool complete() const = 0;

  virtual std::string_view name() const = 0;  // "gzip"
};

enum class Compression : std::uint8_t { none, gzip, zstd };

// By the first bytes of the content.
Compression compression_of(ByteView begin);

// REQUIRES: kind != none
std::unique_ptr<Decoder> make_decoder(Compression kind);

}  // namespace psmith::data
