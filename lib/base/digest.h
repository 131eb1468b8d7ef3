// SHA-256 (FIPS 180-4), streamed, as 64 lower-case hexadecimal digits: names
// things, proof against malice. CRC-32C (Castagnoli; RFC 3720, B.4): finds
// what a disk or a cable breaks, at the speed of memory. A Sha256 belongs to
// one thread at a time; the functions to any.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace psmith {

inline constexpr std::size_t kDigestLength = 64;  // hexadecimal digits

class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();

  void update(ByteView bytes);
  // The digest of everything so far. Call once; nothing may follow.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256(ByteView bytes);

// Of a whole file, mapped. Errors: as map_file.
Result<std::string> sha256_file(const std::filesystem::path& path);

// crc: of the bytes before these, to go on from there. "123456789" gives
// 0xe3069283.
std::uint32_t crc32c(ByteView bytes, std::uint32_t crc = 0);

// Whether text is 64 lower-case hexadecimal digits.
bool is_digest(std::string_view text);

}  // namespace psmith
