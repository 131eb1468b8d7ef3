#include "file/json.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/rng.h"
#include "base/utf8.h"

namespace psmith::file {
namespace {

Json parsed(std::string_view text) { return parse_json(text).value(1); }

std::string fault(Fields& fields) {
  auto done = fields.done();
  return done ? "" : done.error().message;
}

}  // namespace

TEST_CASE("json is refused with the reason", "[file]") {
  auto twice = parse_json(R"({"a":1,"b":{"a":2},"a":3})");
  REQUIRE_FALSE(twice.ok());
  REQUIRE(twice.error().code == Code::corrupt);
  REQUIRE(twice.error().message == "the name 'a' stands twice in one object");
  for (const char* bad : {"", "{", "{} x", "[1,]", "nan", "1e999", "\"\xff\"",
                          "\"\\ud800\"", "{\"a\"}", "\x00"}) {
    REQUIRE_FALSE(parse_json(bad).ok());
  }
}

TEST_CASE("nesting is bounded", "[file]") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  REQUIRE(parse_json(nested(kJsonDepthMax)).ok());
  REQUIRE_FALSE(parse_json(nested(kJsonDepthMax + 1)).ok());
  REQUIRE_FALSE(parse_json(std::string(10000000, '[')).ok());
}

TEST_CASE("any bytes survive the way through json", "[file]") {
  for (const std::string text :
       {"", "plain", "caf\xc3\xa9", "caf\xe9", "\xff\xfe", "\xef\x9e\x80",
        "\xef\x9f\xbf", "\xed\xa0\x80", "a\xf0\x9f\x98\x80z", "\xf0\x9f\x98"}) {
    REQUIRE(bytes_of_json_text(json_text(text)) == text);
  }
  Rng rng(7);
  for (int i = 0; i < 2000; ++i) {
    std::string text(rng.below(12), '\0');
    for (auto& c : text) {
      // Mostly bytes that begin or go on in the sequences of the escape.
      const char kinds[] = {'\xef', '\x9e', '\x9f', '\xbf',
                            static_cast<char>(rng.next())};
      c = kinds[rng.below(5)];
    }
    const auto json = json_text(text);
    for (std::string_view rest = json; !rest.empty();) {
      REQUIRE(utf8_length(rest) > 0);
      rest.remove_prefix(utf8_length(rest));
    }
    REQUIRE(bytes_of_json_text(json) == text);
    REQUIRE(parsed(dump(Json(json))).get<std::string>() == json);
  }
}

TEST_CASE("plain text is written as it is", "[file]") {
  REQUIRE(json_text("caf\xc3\xa9 \xe2\x82\xac") == "caf\xc3\xa9 \xe2\x82\xac");
}

TEST_CASE("fields are read by name and type", "[file]") {
  const auto json = parsed(
      R"({"t":true,"n":7,"x":-0.5,"i":3,"s":"a","l":["b","c"],"o":{},"a":[]})");
  bool t = false;
  std::uint32_t n = 0;
  double x = 0, i = 0;
  std::string s;
  std::vector<std::string> l;
  Fields fields(json, "thing");
  fields.read("t", t).read("n", n).read("x", x).read("i", i);
  fields.read("s", s).read("l", l);
  REQUIRE(fields.object("o").is_object());
  REQUIRE(fields.array("a").is_array());
  REQUIRE(fault(fields).empty());
  REQUIRE(t);
  REQUIRE(n == 7);
  REQUIRE(x == -0.5);
  REQUIRE(i == 3);
  REQUIRE(s == "a");
  REQUIRE(l == std::vector<std::string>{"b", "c"});
}

TEST_CASE("the first fault of an object is named", "[file]") {
  const auto json = parsed(R"({"n":300,"m":-1,"s":1,"l":["a",2]})");
  std::uint8_t small = 0;
  std::uint64_t m = 0;
  std::string s;
  std::vector<std::string> l;
  const auto first_fault = [&](auto read) {
    Fields fields(json, "thing");
    read(fields);
    return fault(fields);
  };
  REQUIRE(first_fault([&](Fields& f) { f.read("n", small).read("s", s); }) ==
          "thing: 'n' is not a whole number in range");
  REQUIRE(first_fault([&](Fields& f) { f.read("m", m); }) ==
          "thing: 'm' is not a whole number in range");
  REQUIRE(first_fault([&](Fields& f) { f.read("s", s); }) ==
          "thing: 's' is not text");
  REQUIRE(first_fault([&](Fields& f) { f.read("l", l); }) ==
          "thing: 'l' is not a list of texts");
  REQUIRE(first_fault([&](Fields& f) { f.read("z", s); }) ==
          "thing: 'z' is missing");
  REQUIRE(first_fault([&](Fields& f) { f.array("n"); }) ==
          "thing: 'n' is not a list");
  REQUIRE(first_fault([](Fields&) {}).find("is not a known name") !=
          std::string::npos);
  Fields none(json["n"], "thing");
  REQUIRE(fault(none) == "thing is not an object");
}

}  // namespace psmith::file
