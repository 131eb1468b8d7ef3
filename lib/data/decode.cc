#include "data/decode.h"

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/check.h"
#include "base/format.h"

namespace psmith::data {
namespace {

constexpr std::size_t kWindowMax = std::size_t{1} << 27;  // zstd's default
constexpr std::size_t kPieceMax = std::size_t{1} << 30;

class GzipDecoder final : public Decoder {
 public:
  GzipDecoder() {
    constexpr int kGzipOnly = 15 + 16;
    PSM_CHECK(inflateInit2(&stream_, kGzipOnly) == Z_OK, "no memory for zlib");
  }
  ~GzipDecoder() override { inflateEnd(&stream_); }
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;

  Result<Step> decode(ByteView in, std::span<char> out) override {
    if (between_ && !in.empty()) {
      // gzip(1) writes zero bytes after the last member when it pads blocks.
      const auto zeros = static_cast<std::size_t>(
          std::find_if(in.begin(), in.end(),
                       [](std::byte b) { return b != std::byte{0}; }) -
          in.begin());
      if (zeros > 0 && begun_) return Step{.taken = zeros};
      between_ = false;
    }
    stream_.next_in =
        reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data()));
    stream_.avail_in = static_cast<uInt>(std::min(in.size(), kPieceMax));
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    const auto room = static_cast<uInt>(std::min(out.size(), kPieceMax));
    stream_.avail_out = room;
    const auto offered = stream_.avail_in;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    const Step step{.taken = offered - stream_.avail_in,
                    .given = room - stream_.avail_out};
    if (code == Z_STREAM_END) {
      between_ = begun_ = true;
      inflateReset(&stream_);
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      return error(Code::corrupt, "damaged gzip data ({})",
                   stream_.msg == nullptr ? "no reason given" : stream_.msg);
    }
    return step;
  }

  bool complete() const override { return between_; }
  std::string_view name() const override { return "gzip"; }

 private:
  z_stream stream_{};
  bool between_ = false;  // members: one ended, the next has not begun
  bool begun_ = false;    // a whole member was read
};

class ZstdDecoder final : public Decoder {
 public:
  ZstdDecoder() : stream_(ZSTD_createDStream()) {
    PSM_CHECK(stream_ != nullptr, "no memory for zstd");
  }
  ~ZstdDecoder() override { ZSTD_freeDStream(stream_); }
  ZstdDecoder(const ZstdDecoder&) = delete;
  ZstdDecoder& operator=(const ZstdDecoder&) = delete;

  Result<Step> decode(ByteView in, std::span<char> out) override {
    ZSTD_inBuffer source{.src = in.data(), .size = in.size(), .pos = 0};
    ZSTD_outBuffer sink{.dst = out.data(), .size = out.size(), .pos = 0};
    const auto code = ZSTD_decompressStream(stream_, &sink, &source);
    if (ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge) {
      return error(Code::corrupt,
                   "the zstd data needs over {} MiB of memory\n"
                   "hint: it was made by zstd --long; zstd -dc --long=31 FILE "
                   "in a pipe reads it",
                   kWindowMax >> 20);
    }
    if (ZSTD_isError(code) != 0) {
      return error(Code::corrupt, "damaged zstd data ({})",
                   ZSTD_getErrorName(code));
    }
    if (source.pos > 0 || sink.pos > 0) complete_ = code == 0;
    return Step{.taken = source.pos, .given = sink.pos};
  }

  bool complete() const override { return complete_; }
  std::string_view name() const override { return "zstd"; }

 private:
  ZSTD_DStream* stream_;
  bool complete_ = false;
};

template <std::size_t N>
bool begins_with(ByteView bytes, const std::array<unsigned char, N>& magic) {
  return bytes.size() >= N &&
         std::equal(
             magic.begin(), magic.end(), bytes.begin(),
             [](unsigned char a, std::byte b) { return std::byte{a} == b; });
}

}  // namespace

Compression compression_of(ByteView begin) {
  constexpr std::array<unsigned char, 2> kGzip = {0x1f, 0x8b};
  constexpr std::array<unsigned char, 4> kZstd = {0x28, 0xb5, 0x2f, 0xfd};
  if (begins_with(begin, kGzip)) return Compression::gzip;
  if (begins_with(begin, kZstd)) return Compression::zstd;
  // A skippable frame may come first: its first byte is 0x50 to 0x5f.
  constexpr std::array<unsigned char, 3> kSkippable = {0x2a, 0x4d, 0x18};
  if (begin.size() >= 4 && (begin[0] & std::byte{0xf0}) == std::byte{0x50} &&
      begins_with(begin.subspan(1), kSkippable)) {
    return Compression::zstd;
  }
  return Compression::none;
}

std::unique_ptr<Decoder> make_decoder(Compression kind) {
  if (kind == Compression::gzip) return std::make_unique<GzipDecoder>();
  return std::make_unique<ZstdDecoder>();
}

}  // namespace psmith::data
