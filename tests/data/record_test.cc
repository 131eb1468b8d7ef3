#include "data/record.h"

#include <catch2/catch.hpp>

#include "data/libsvm.h"

namespace psmith::data {

TEST_CASE("a record ends with its line, or with the input", "[data]") {
  const LibsvmParser parser(LabelUse::required);
  REQUIRE(parser.scan("ab\ncd", false) == 3);
  REQUIRE(parser.scan("ab", false) == RecordParser::npos);
  REQUIRE(parser.scan("ab", true) == 2);
  REQUIRE(parser.scan("", true) == RecordParser::npos);
}

TEST_CASE("line ends and blanks are taken off", "[data]") {
  REQUIRE(without_line_end("a\r\n") == "a");
  REQUIRE(without_line_end("a\n") == "a");
  REQUIRE(without_line_end("a\r") == "a");
  REQUIRE(without_line_end("a \n") == "a ");
  REQUIRE(trimmed(" \ta b\t ") == "a b");
  REQUIRE(trimmed(" \t ").empty());
}

}  // namespace psmith::data
