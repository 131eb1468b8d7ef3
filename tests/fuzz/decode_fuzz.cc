// gzip and zstd under the readers: damaged data is refused, and says at which
// byte; whole data gives the text; both however the file is cut into reads.
//
// Input: mode (1 byte), a seed for the cuts (2 bytes), and
//   even mode: the file;
//   odd mode:  how many bytes to cut off (1 byte), which byte to change and by
//              what (2 bytes each), the text, which is compressed in members.
#include <optional>

#include "data/compress.h"
#include "data/decode.h"
#include "data/input.h"
#include "input.h"

namespace psmith::fuzz {
namespace {

using data::Compression;

constexpr std::size_t kTextMax = std::size_t{256} << 10;  // of one input
constexpr std::size_t kFileMax = std::size_t{16} << 10;

struct Decoded {
  std::string text;
  std::string error;  // without the file's name
};

// The number behind ": byte ".
void check_offset(const std::string& error, std::size_t size) {
  constexpr std::string_view kByte = ": byte ";
  PSM_CHECK(error.starts_with(kByte), "an error says at which byte");
  const auto byte = std::strtoull(error.c_str() + kByte.size(), nullptr, 10);
  PSM_CHECK(byte >= 1 && byte <= size + 1, "a byte of the file");
}

// The text, or its beginning if it has over kTextMax bytes.
Decoded decode(const std::string& path, std::size_t size, std::size_t piece) {
  Decoded out;
  auto input = data::Input::open(path);
  PSM_CHECK(input.ok(), "a file that is there");
  std::string buffer(piece, '\0');
  while (out.text.size() < kTextMax) {
    auto count = (*input)->read(buffer);
    if (!count) {
      out.error = count.error().message.substr(path.size());
      check_offset(out.error, size);
      return out;
    }
    PSM_CHECK(*count <= buffer.size(), "a read within its buffer");
    if (*count == 0) return out;
    out.text.append(buffer, 0, *count);
  }
  return out;
}

Decoded decode_file(std::string_view bytes, std::uint64_t seed) {
  static MemoryFile file;
  file.hold(bytes);
  return decode(file.path(), bytes.size(), 1 + seed % 5000);
}

Decoded decode_pipe(std::string_view bytes, std::uint64_t seed) {
  const CutPipe pipe(bytes, seed);
  return decode(pipe.path(), bytes.size(), std::size_t{64} << 10);
}

// Decodes it twice, in other pieces.
Decoded decode_both_ways(std::string_view bytes, std::uint64_t seed) {
  auto decoded = decode_file(bytes, seed);
  auto again = decode_pipe(bytes, seed);
  if (decoded.error.empty() && again.error.empty()) {
    const auto size = std::min(decoded.text.size(), again.text.size());
    PSM_CHECK(size >= std::min(decoded.text.size(), kTextMax) ||
                  decoded.text.size() == again.text.size(),
              "the same length");
    PSM_CHECK(decoded.text.compare(0, size, again.text, 0, size) == 0,
              "the same text");
    return decoded;
  }
  // What is given before an error depends on the pieces. Whether there is one
  // does not, but for what libzstd sees only of a frame in one piece: an empty
  // last block before the end of the content that the frame's header claims.
  const bool long_text =
      std::max(decoded.text.size(), again.text.size()) >= kTextMax;
  const auto& error = decoded.error.empty() ? again.error : decoded.error;
  const bool lenient = error.find("damaged zstd data") != error.npos;
  PSM_CHECK(
      long_text || lenient || decoded.error.empty() == again.error.empty(),
      "an error both times");
  return decoded;
}

// Some members or frames, with what may stand between them.
std::string pack(std::string_view text, std::uint8_t mode) {
  const bool gzip = (mode & 2U) != 0;
  const auto kind = gzip ? Compression::gzip : Compression::zstd;
  const auto members = 1U + (mode >> 2U) % 4U;
  std::string out;
  if (!gzip && (mode & 16U) != 0) {
    out += std::string("\x5a\x2a\x4d\x18\x03\0\0\0abc", 11);  // a frame to skip
  }
  for (std::size_t i = 0; i < members; ++i) {
    const auto begin = text.size() * i / members;
    const auto end = text.size() * (i + 1) / members;
    out += data::tests::compressed(kind, text.substr(begin, end - begin));
    if (gzip && (mode & 16U) != 0) out += std::string(i + 1, '\0');
  }
  return out;
}

void run(Taker input) {
  const auto mode = input.byte();
  const auto seed = input.number<std::uint16_t>();
  if (mode % 2 == 0) {
    decode_both_ways(input.rest(), seed);
    return;
  }
  const auto cut = input.byte();
  const auto at = input.number<std::uint16_t>();
  const auto change = input.number<std::uint16_t>();
  const auto text = input.rest();
  auto bytes = pack(text, mode);
  if (bytes.size() > kFileMax) return;
  const auto whole = bytes;
  bytes.resize(bytes.size() - std::min<std::size_t>(cut, bytes.size()));
  if (change != 0 && !bytes.empty()) {
    auto& byte = bytes[at % bytes.size()];
    byte = static_cast<char>(byte ^ static_cast<char>(change));
  }
  // What it must give is known: one way does where there are many inputs.
  const bool one = long_run() && seed % 8 != 7;
  const auto decoded = !one            ? decode_both_ways(bytes, seed)
                       : seed % 2 == 0 ? decode_pipe(bytes, seed)
                                       : decode_file(bytes, seed);
  if (bytes != whole) return;
  PSM_CHECK(decoded.error.empty(), "whole data is read");
  PSM_CHECK(decoded.text == text, "the text that was packed");
}

}  // namespace
}  // namespace psmith::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  psmith::fuzz::run({data, size});
  return 0;
}
