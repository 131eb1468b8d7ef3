#include "node/fingerprint.h"

#include <catch2/catch.hpp>

namespace psmith::node {
namespace {

TEST_CASE("the fingerprint is 16 digits, the same at every call", "[node]") {
  const auto first = fingerprint();
  REQUIRE(first.size() == 16);
  REQUIRE(first.find_first_not_of("0123456789abcdef") == std::string::npos);
  REQUIRE(fingerprint() == first);
}

}  // namespace
}  // namespace psmith::node
