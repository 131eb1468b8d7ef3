#include "data/seal.h"

#include <algorithm>

#include "base/check.h"
#include "base/digest.h"

namespace psmith::data {
namespace {

constexpr std::string_view kName = "\"digest\":\"";

// Offset of the 64 digits in the text, if they are there exactly once.
std::optional<std::size_t> find_digits(std::string_view text) {
  const auto at = text.find(kName);
  if (at == std::string_view::npos) return std::nullopt;
  const auto digits = at + kName.size();
  if (text.find(kName, digits) != std::string_view::npos) return std::nullopt;
  const auto after = digits + kDigestLength;
  if (after >= text.size() || text[after] != '"') return std::nullopt;
  if (!is_digest(text.substr(digits, kDigestLength))) return std::nullopt;
  return digits;
}

std::string digest_without(std::string_view text, std::size_t digits,
                           ByteView whole) {
  const auto* place = reinterpret_cast<const std::byte*>(text.data()) + digits;
  const auto before = static_cast<std::size_t>(place - whole.data());
  Sha256 digest;
  digest.update(whole.first(before));
  digest.update(as_bytes(blank_digest()));
  digest.update(whole.subspan(before + kDigestLength));
  return digest.hex();
}

}  // namespace

std::string blank_digest() { return std::string(kDigestLength, '0'); }

std::string seal(std::span<char> text, ByteView whole) {
  const std::string_view view(text.data(), text.size());
  const auto digits = find_digits(view);
  PSM_CHECK(digits.has_value(), "no place for the digest");
  auto hex = digest_without(view, *digits, whole);
  std::copy(hex.begin(), hex.end(),
            text.begin() + static_cast<std::ptrdiff_t>(*digits));
  return hex;
}

std::optional<std::string> check_seal(std::string_view text, ByteView whole) {
  const auto digits = find_digits(text);
  if (!digits) return std::nullopt;
  const auto written = text.substr(*digits, kDigestLength);
  if (digest_without(text, *digits, whole) != written) return std::nullopt;
  return std::string(written);
}

}  // namespace psmith::data
