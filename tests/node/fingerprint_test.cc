#include "node/fingerprint.h"

#include <catch2/catch.hpp>
#include <cfenv>

namespace psmith::node {
namespace {

TEST_CASE("the fingerprint is 16 digits, the same at every call", "[node]") {
  const auto first = fingerprint();
  REQUIRE(first.size() == 16);
  REQUIRE(first.find_first_not_of("0123456789abcdef") == std::string::npos);
  REQUIRE(fingerprint() == first);
}

// Another rounding stands for a processor or a library with other results.
TEST_CASE("other arithmetic has another fingerprint", "[node]") {
  const auto usual = fingerprint();
  REQUIRE(std::fesetround(FE_UPWARD) == 0);
  const auto upward = fingerprint();
  REQUIRE(std::fesetround(FE_TONEAREST) == 0);
  REQUIRE(upward != usual);
  REQUIRE(fingerprint() == usual);
}

}  // namespace
}  // namespace psmith::node
