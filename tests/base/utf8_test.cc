#include "base/utf8.h"

#include <catch2/catch.hpp>
#include <string_view>

namespace psmith {

TEST_CASE("utf-8 sequences have the length of their first byte", "[base]") {
  REQUIRE(utf8_length("a") == 1);
  REQUIRE(utf8_length("\xc3\xa9t") == 2);
  REQUIRE(utf8_length("\xe2\x82\xac") == 3);
  REQUIRE(utf8_length("\xf0\x9f\x98\x80") == 4);
  REQUIRE(utf8_length("\xf4\x8f\xbf\xbf") == 4);
}

TEST_CASE("what is not utf-8 has no length", "[base]") {
  for (const std::string_view bad :
       {"", "\x80", "\xc3", "\xc0\x80", "\xe2\x82", "\xe0\x9f\xbf",
        "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5",
        "\xff"}) {
    REQUIRE(utf8_length(bad) == 0);
  }
}

}  // namespace psmith
