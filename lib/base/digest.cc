#include "base/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/path.h"

namespace psmith {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78;  // bits reversed

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1U) != 0 ? kPolynomial : 0);
    }
    table[i] = crc;
  }
  return table;
}
constexpr auto kCrcTable = make_crc_table();

}  // namespace

struct Sha256::State {
  State() : context(EVP_MD_CTX_new()) {
    PSM_CHECK(context != nullptr &&
                  EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1,
              "no SHA-256 in libcrypto");
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }

  EVP_MD_CTX* context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(ByteView bytes) {
  PSM_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1,
            "SHA-256 failed");
}

std::string Sha256::hex() {
  std::array<unsigned char, kDigestLength / 2> raw{};
  PSM_CHECK(EVP_DigestFinal_ex(state_->context, raw.data(), nullptr) == 1,
            "SHA-256 failed");
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (const auto byte : raw) {
    text += kHex[byte >> 4];
    text += kHex[byte & 0xf];
  }
  return text;
}

std::string sha256(ByteView bytes) {
  Sha256 digest;
  digest.update(bytes);
  return digest.hex();
}

Result<std::string> sha256_file(const std::filesystem::path& path) {
  PSM_TRY(const auto bytes, map_file(path));
  return sha256(bytes.bytes());
}

#ifdef __SSE4_2__
namespace {

// The instruction answers after three cycles but may start anew in each: three
// stretches side by side take the time of one.
constexpr std::size_t kStretch = 4096;

// What a checksum becomes by kStretch zero bytes more: a linear map of its
// bits, by byte of it.
using Shift = std::array<std::array<std::uint32_t, 256>, 4>;

Shift make_shift() {
  Shift shift{};
  for (std::uint32_t byte = 0; byte < 4; ++byte) {
    for (std::uint32_t value = 1; value < 256; ++value) {
      const auto lowest = value & -value;
      if (value != lowest) {
        shift[byte][value] = shift[byte][lowest] ^ shift[byte][value ^ lowest];
        continue;
      }
      auto crc = value << (8 * byte);
      for (std::size_t i = 0; i < kStretch; ++i) {
        crc = (crc >> 8) ^ kCrcTable[crc & 0xffU];
      }
      shift[byte][value] = crc;
    }
  }
  return shift;
}

std::uint32_t shifted(std::uint32_t crc) {
  static const auto kShift = make_shift();
  return kShift[0][crc & 0xffU] ^ kShift[1][(crc >> 8) & 0xffU] ^
         kShift[2][(crc >> 16) & 0xffU] ^ kShift[3][crc >> 24];
}

// Of three stretches, one after the other.
std::uint32_t crc_of_three(ByteView bytes, std::uint32_t crc) {
  std::uint64_t a = crc, b = 0, c = 0;
  for (std::size_t i = 0; i < kStretch; i += sizeof(a)) {
    a = __builtin_ia32_crc32di(a, load_le<std::uint64_t>(bytes, i));
    b = __builtin_ia32_crc32di(b, load_le<std::uint64_t>(bytes, i + kStretch));
    c = __builtin_ia32_crc32di(c,
                               load_le<std::uint64_t>(bytes, i + 2 * kStretch));
  }
  const auto two =
      shifted(static_cast<std::uint32_t>(a)) ^ static_cast<std::uint32_t>(b);
  return shifted(two) ^ static_cast<std::uint32_t>(c);
}

}  // namespace
#endif

std::uint32_t crc32c(ByteView bytes, std::uint32_t crc) {
  crc = ~crc;
#ifdef __SSE4_2__
  for (; bytes.size() >= 3 * kStretch; bytes = bytes.subspan(3 * kStretch)) {
    crc = crc_of_three(bytes, crc);
  }
  std::uint64_t wide = crc;
  for (; bytes.size() >= sizeof(wide); bytes = bytes.subspan(sizeof(wide))) {
    wide = __builtin_ia32_crc32di(wide, load_le<std::uint64_t>(bytes));
  }
  crc = static_cast<std::uint32_t>(wide);
#endif
  for (const auto byte : bytes) {
    const auto at = (crc ^ std::to_integer<std::uint32_t>(byte)) & 0xffU;
    crc = (crc >> 8) ^ kCrcTable[at];
  }
  return ~crc;
}

bool is_digest(std::string_view text) {
  return text.size() == kDigestLength &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace psmith
