#include "base/digest.h"

#include <sodium.h>

#include <algorithm>
#include <array>

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
  crypto_hash_sha256_state sodium;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  crypto_hash_sha256_init(&state_->sodium);
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(ByteView bytes) {
  crypto_hash_sha256_update(
      &state_->sodium, reinterpret_cast<const unsigned char*>(bytes.data()),
      bytes.size());
}

std::string Sha256::hex() {
  std::array<unsigned char, crypto_hash_sha256_BYTES> raw{};
  crypto_hash_sha256_final(&state_->sodium, raw.data());
  std::array<char, 2 * crypto_hash_sha256_BYTES + 1> text{};
  sodium_bin2hex(text.data(), text.size(), raw.data(), raw.size());
  return text.data();
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

std::uint32_t crc32c(ByteView bytes, std::uint32_t crc) {
  crc = ~crc;
#ifdef __SSE4_2__
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
