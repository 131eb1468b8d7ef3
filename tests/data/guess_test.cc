#include "data/guess.h"

#include <catch2/catch.hpp>

namespace psmith::data {

TEST_CASE("libsvm is known by its second word, even when it is bad", "[data]") {
  for (const auto* text :
       {"1 2:3\n", "+1 7:\n", "1 -3:1\n", "nan 1:2\n", "abc 1:2\n", "1 x:2\n",
        "1 qid:3 4:5\n", "# comment\n\n1\n-1 2:3\n", "1:2 3:4\n", "1\t2:3\r\n",
        "1 18446744073709551616:1", "1:2", "1 2:3 # a, b\n"}) {
    INFO(text);
    REQUIRE(guess_format(text) == Format::libsvm);
  }
}

TEST_CASE("csv is known by its delimiter", "[data]") {
  for (const auto* text : {"a,b\n1,2\n", "1\t2\n", "1;2", "1 2\n3 4\n", "a|b",
                           "2001-01-01 00:01,33,2\n", "x y:1,2\n",
                           "1 01:30;5;2\n", "2001-01-01 00:01|33|2\n"}) {
    INFO(text);
    REQUIRE(guess_format(text) == Format::csv);
  }
}

TEST_CASE("nothing is guessed from nothing", "[data]") {
  for (const auto* text : {"", "\n\n", "1\n2\n", "words\n", "# a,b\n"}) {
    INFO(text);
    REQUIRE_FALSE(guess_format(text).has_value());
  }
}

TEST_CASE("the delimiter cuts every line alike", "[data]") {
  REQUIRE(guess_delimiter("a,b,c\n1,2,3\n") == ',');
  REQUIRE(guess_delimiter("a\tb\n1\t2\n") == '\t');
  REQUIRE(guess_delimiter("a;b;c\n1,5;2;3\n") == ';');
  REQUIRE(guess_delimiter("1 2 3\n4  5 6\n") == ' ');
  REQUIRE(guess_delimiter("first name,second name\n1,2\n") == ',');
  REQUIRE(guess_delimiter("\"a;b\",c\n\"d\",e\n") == ',');
  REQUIRE(guess_delimiter("1,2\n3,4,5\n") == ',');
  REQUIRE(guess_delimiter("#a;b\n1,5;2,5\n") == ';');
  REQUIRE(guess_delimiter("") == ',');
}

TEST_CASE("a header has no numbers", "[data]") {
  REQUIRE(guess_header({"a", "b", ""}));
  REQUIRE_FALSE(guess_header({"a", "2"}));
  REQUIRE_FALSE(guess_header({"1", "2"}));
  REQUIRE_FALSE(guess_header({"x", "nan"}));
}

TEST_CASE("delimiters have names", "[data]") {
  REQUIRE(delimiter_name('\t') == "TAB");
  REQUIRE(delimiter_name(' ') == "blank");
  REQUIRE(delimiter_name(';') == "';'");
}

}  // namespace psmith::data
