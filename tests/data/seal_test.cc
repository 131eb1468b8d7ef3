#include "data/seal.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/digest.h"

namespace psmith::data {
namespace {

std::string sealed() {
  auto text = "{\"a\":1,\"digest\":\"" + blank_digest() + "\"} and more";
  seal(text, as_bytes(text));
  return text;
}

bool holds(const std::string& text) {
  return check_seal(text, as_bytes(text)).has_value();
}

}  // namespace

TEST_CASE("a sealed text bears its digest out", "[data]") {
  const auto text = sealed();
  const auto digest = check_seal(text, as_bytes(text));
  REQUIRE(digest.has_value());
  REQUIRE(is_digest(*digest));
  REQUIRE(text.find(*digest) != std::string::npos);
}

TEST_CASE("a changed, missing or doubled digest is refused", "[data]") {
  auto text = sealed();
  REQUIRE_FALSE(holds(text + " "));
  REQUIRE_FALSE(holds("{}"));
  REQUIRE_FALSE(holds(text + text));
  REQUIRE_FALSE(holds(text.substr(0, 30)));
  const auto at = text.find("digest\":\"") + 9;
  for (std::size_t i = at; i < at + kDigestLength; ++i) {
    auto upper = text;
    upper[i] = static_cast<char>(upper[i] ^ 0x20);
    REQUIRE_FALSE(holds(upper));
  }
}

}  // namespace psmith::data
