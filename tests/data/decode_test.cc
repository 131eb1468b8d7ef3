#include "data/decode.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/rng.h"
#include "tests/data/compress.h"

namespace psmith::data {
namespace {

struct Decoded {
  std::string text;
  bool complete = false;
  std::string fault;
};

Decoded decoded(Compression kind, std::string_view packed, std::size_t piece) {
  const auto decoder = make_decoder(kind);
  Decoded out;
  std::string buffer(piece, '\0');
  while (true) {
    const auto in = as_bytes(packed.substr(0, piece));
    auto step = decoder->decode(in, buffer);
    if (!step) {
      out.fault = step.error().message;
      return out;
    }
    out.text.append(buffer, 0, step->given);
    packed.remove_prefix(step->taken);
    if (step->given == 0 && (packed.empty() || step->taken == 0)) break;
  }
  out.complete = packed.empty() && decoder->complete();
  return out;
}

const std::string kText = [] {
  std::string text;
  Rng rng(3);
  for (int i = 0; i < 3000; ++i) text += std::to_string(rng.below(5000)) + ' ';
  return text;
}();

}  // namespace

TEST_CASE("compressed bytes come back in pieces of any size", "[data]") {
  for (const auto kind : {Compression::gzip, Compression::zstd}) {
    const auto packed = tests::compressed(kind, kText);
    REQUIRE(compression_of(as_bytes(packed)) == kind);
    for (const std::size_t piece : {1, 7, 4096, 1 << 20}) {
      const auto out = decoded(kind, packed, piece);
      REQUIRE(out.fault.empty());
      REQUIRE(out.complete);
      REQUIRE(out.text == kText);
    }
  }
}

TEST_CASE("members one after the other are one stream", "[data]") {
  for (const auto kind : {Compression::gzip, Compression::zstd}) {
    const auto packed = tests::compressed(kind, "one ") +
                        tests::compressed(kind, "") +
                        tests::compressed(kind, "two");
    const auto out = decoded(kind, packed, 5);
    REQUIRE(out.complete);
    REQUIRE(out.text == "one two");
  }
}

TEST_CASE("a frame that zstd skips may come first", "[data]") {
  const std::string skipped("\x5a\x2a\x4d\x18\x04\0\0\0meta", 12);
  const auto packed = skipped + tests::compressed(Compression::zstd, kText);
  REQUIRE(compression_of(as_bytes(packed)) == Compression::zstd);
  const auto out = decoded(Compression::zstd, packed, 100);
  REQUIRE(out.complete);
  REQUIRE(out.text == kText);
}

TEST_CASE("a window that is too large is named for what it is", "[data]") {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 28);
  ZSTD_inBuffer in{.src = kText.data(), .size = kText.size(), .pos = 0};
  std::string packed(ZSTD_compressBound(kText.size()), '\0');
  ZSTD_outBuffer out{.dst = packed.data(), .size = packed.size(), .pos = 0};
  ZSTD_compressStream2(context, &out, &in, ZSTD_e_continue);
  ZSTD_compressStream2(context, &out, &in, ZSTD_e_end);
  ZSTD_freeCCtx(context);
  packed.resize(out.pos);
  REQUIRE(decoded(Compression::zstd, packed, 1000)
              .fault.starts_with("the zstd data needs over 128 MiB of memory"));
}

TEST_CASE("zero bytes may pad gzip, other bytes may not", "[data]") {
  const auto packed = tests::compressed(Compression::gzip, "text");
  const auto padded =
      decoded(Compression::gzip, packed + std::string(512, '\0'), 100);
  REQUIRE(padded.complete);
  REQUIRE(padded.text == "text");
  const auto dirty = decoded(Compression::gzip, packed + "garbage", 100);
  REQUIRE(dirty.fault == "damaged gzip data (incorrect header check)");
}

TEST_CASE("a cut stream is not complete", "[data]") {
  for (const auto kind : {Compression::gzip, Compression::zstd}) {
    const auto packed = tests::compressed(kind, kText);
    for (std::size_t size = 1; size < packed.size(); size += 97) {
      const auto out = decoded(kind, packed.substr(0, size), 1000);
      REQUIRE_FALSE(out.complete);
    }
  }
}

TEST_CASE("a damaged stream ends with a fault or other text", "[data]") {
  for (const auto kind : {Compression::gzip, Compression::zstd}) {
    const auto packed = tests::compressed(kind, kText);
    Rng rng(4);
    for (int i = 0; i < 300; ++i) {
      auto copy = packed;
      copy[rng.below(copy.size())] ^= static_cast<char>(1 << rng.below(8));
      const auto out = decoded(kind, copy, 1000);
      // A flip in a header field of no consequence changes nothing.
      REQUIRE((!out.fault.empty() || !out.complete || out.text == kText));
    }
  }
}

TEST_CASE("plain text is not taken for compressed", "[data]") {
  REQUIRE(compression_of(as_bytes("1 2:3")) == Compression::none);
  REQUIRE(compression_of(as_bytes("")) == Compression::none);
}

}  // namespace psmith::data
