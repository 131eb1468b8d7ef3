#include "data/csv.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "base/rng.h"
#include "tests/data/run_check.h"

namespace psmith::data {
namespace {

// a, b: features; y: label; the rest by `extra`.
Binding binding() {
  Binding out;
  out.role = {0, 1, Binding::label};
  out.name = {"a", "b", "y"};
  out.feature_count = 2;
  return out;
}

RawBlock dense_block() {
  RawBlock block;
  block.dense = true;
  block.column_count = 2;
  return block;
}

std::string fault(std::string_view record, char delimiter = ',') {
  CsvParser parser(delimiter, binding());
  auto block = dense_block();
  auto result = parser.parse(record, block);
  if (!result.flaw) return result.row ? "row" : "blank";
  return std::to_string(result.flaw->offset) + ": " + result.flaw->message;
}

std::vector<double> features(std::string_view record, char delimiter = ',') {
  CsvParser parser(delimiter, binding());
  auto block = dense_block();
  REQUIRE(parser.parse(record, block).row);
  return block.x;
}

}  // namespace

TEST_CASE("a csv row is read, quoted or not", "[data]") {
  const std::vector<double> expected = {1.5, -2};
  REQUIRE(features("1.5,-2,3") == expected);
  REQUIRE(features(" 1.5 ,\t-2 , 3 ") == expected);
  REQUIRE(features("\"1.5\",\"-2\",\"3\"") == expected);
  REQUIRE(features("1.5\t-2\t3", '\t') == expected);
  REQUIRE(features("1.5;-2;3", ';') == expected);
  REQUIRE(features("  1.5   -2 \t 3  ", ' ') == expected);
}

TEST_CASE("a delimiter may be a character of numbers", "[data]") {
  const std::vector<double> expected = {1, 2};
  REQUIRE(features("1e2e3", 'e') == expected);
  REQUIRE(features("1.2.3", '.') == expected);
  REQUIRE(features("1-2-3", '-') == expected);
  REQUIRE(features("10203", '0') == expected);
}

TEST_CASE("blank lines of csv are no records", "[data]") {
  REQUIRE(fault("") == "blank");
  REQUIRE(fault("  ") == "blank");
}

TEST_CASE("every fault of a csv row is named with its place", "[data]") {
  REQUIRE(fault("1,abc,3") ==
          "2: column 'b': 'abc' is not a number\n"
          "hint: leave the column out with --ignore 'b'");
  REQUIRE(fault("1,,3") ==
          "2: column 'b': the field is empty\nhint: leave the column out with "
          "--ignore 'b', or such rows with --skip-bad N");
  REQUIRE(fault("1,2,") ==
          "4: column 'y': the field is empty\nhint: leave such rows out with "
          "--skip-bad N");
  REQUIRE(fault("1,2,x") ==
          "4: column 'y': 'x' is not a number\n"
          "hint: labels are text if the first two are no numbers");
  REQUIRE(fault("1,nan,3") == "2: column 'b': 'nan' is not a finite number");
  REQUIRE(fault("1,2,inf") == "4: column 'y': 'inf' is not a finite number");
  REQUIRE(fault("1,1e999,3") ==
          "2: column 'b': '1e999' is beyond the range of a 32-bit float");
  REQUIRE(fault("1,2") == "3: the row has 2 fields, not 3");
  REQUIRE(fault("1") == "1: the row has 1 field, not 3");
  REQUIRE(fault("1,2,3,4,5") ==
          "5: the row has 5 fields, not 3\nhint: put quotes around fields that "
          "hold the delimiter");
  REQUIRE(fault("1,\"2,3") ==
          "2: the quoted field that begins here is not closed");
  REQUIRE(fault("1,\"2\"x,3") ==
          "5: text after the closing quote of a field\nhint: a quote inside a "
          "quoted field is doubled");
  REQUIRE(fault("1,2\"x,3") == "3: a quote inside a field that is not quoted");
  REQUIRE(fault(std::string_view("1,\0,3", 5)) ==
          "2: a NUL byte: this is not text");
}

TEST_CASE("weights must not be negative", "[data]") {
  auto columns = binding();
  columns.role = {0, Binding::weight, Binding::label};
  columns.feature_count = 1;
  CsvParser parser(',', columns);
  RawBlock block;
  block.column_count = 1;
  REQUIRE(parser.parse("1,0.5,3", block).row);
  REQUIRE(block.weight == std::vector<float>{0.5F});
  ++block.row_count;
  REQUIRE(parser.parse("1,-0.5,3", block).flaw->message ==
          "weight '-0.5' is negative");
}

TEST_CASE("a label or weight of -0 is 0", "[data]") {
  auto columns = binding();
  columns.role = {0, Binding::weight, Binding::label};
  columns.feature_count = 1;
  CsvParser parser(',', columns);
  RawBlock block;
  REQUIRE(parser.parse("1,-0.0,-0", block).row);
  REQUIRE_FALSE(std::signbit(block.weight[0]));
  REQUIRE_FALSE(std::signbit(block.label[0]));
}

TEST_CASE("text labels are kept, known ones become indices", "[data]") {
  auto columns = binding();
  columns.label_text = true;
  auto block = dense_block();
  CsvParser fresh(',', columns);
  REQUIRE(fresh.parse("1,2,\"a \"\"b\"\", c\"", block).row);
  REQUIRE(block.label_text == std::vector<std::string>{"a \"b\", c"});
  columns.label_values = {"no", "yes"};
  CsvParser fitted(',', columns);
  block = dense_block();
  REQUIRE(fitted.parse("1,2,yes", block).row);
  REQUIRE(block.label == std::vector<float>{1});
  REQUIRE(fitted.parse("1,2,maybe", block).flaw->message ==
          "label 'maybe' is none of the 2 known ones");
}

TEST_CASE("a quoted field may hold line ends", "[data]") {
  const CsvParser parser(',', binding());
  const std::string_view text = "1,\"a\nb\"\"\n\",3\n4,5,6\n";
  const auto size = parser.scan(text, false);
  REQUIRE(text.substr(0, size) == "1,\"a\nb\"\"\n\",3\n");
  REQUIRE(parser.scan(text.substr(0, size - 1), false) == RecordParser::npos);
  REQUIRE(parser.scan("1,\"open\n", false) == RecordParser::npos);
  REQUIRE(parser.scan("1,\"open\n", true) == 8);
  // A quote inside an unquoted field opens nothing.
  REQUIRE(parser.scan("1,5\"x\n4", false) == 6);
  // The quote at the end may yet be doubled.
  REQUIRE(parser.scan("\"a\"", false) == RecordParser::npos);
}

TEST_CASE("quotes that do not hold together spoil one line", "[data]") {
  CsvParser parser(',', binding());
  auto block = dense_block();
  const auto one_line = [&](std::string_view record) {
    const auto parsed = parser.parse(record, block);
    REQUIRE(parsed.flaw.has_value());
    return parsed.one_line;
  };
  REQUIRE(one_line("1,\"2,3\n4,5,6"));
  REQUIRE(one_line("x,\"2,3\n4,5,6"));
  REQUIRE(one_line("1,\"2,3\n4,\"5,6"));
  REQUIRE_FALSE(one_line("1,\"2\n\",3"));
  REQUIRE_FALSE(one_line("1,\"2,3"));
}

TEST_CASE("fields come back as text", "[data]") {
  auto fields = CsvParser::fields(" a , \"b,\"\"c\" ,,d", ',');
  REQUIRE(fields.ok());
  REQUIRE(*fields == std::vector<std::string>{"a", "b,\"c", "", "d"});
}

TEST_CASE("no bytes harm the csv parser", "[data]") {
  constexpr std::string_view kAlphabet = "0123456789,.-+e \t\"\n;x";
  Rng rng(12);
  for (const char delimiter : {',', '\t', ' '}) {
    CsvParser parser(delimiter, binding());
    auto block = dense_block();
    for (int i = 0; i < 50000; ++i) {
      std::string text = "1.5,\"2,\"\"5\",-3e4";
      for (auto n = rng.below(8); n > 0; --n) {
        const auto at = rng.below(text.size());
        text[at] = rng.below(8) == 0 ? static_cast<char>(rng.next())
                                     : kAlphabet[rng.below(kAlphabet.size())];
      }
      text.resize(rng.below(text.size() + 1));
      const auto size = parser.scan(text, true);
      REQUIRE((size == RecordParser::npos || size <= text.size()));
      auto result = parser.parse(text, block);
      if (result.flaw) REQUIRE(result.flaw->offset <= text.size());
      if (result.row) ++block.row_count;
      block.roll_back();
      REQUIRE(block.x.size() == 2 * block.row_count);
      REQUIRE(block.label.size() == block.row_count);
    }
  }
}

TEST_CASE("plain csv records are taken in one run", "[data]") {
  CsvParser parser(',', binding());
  const std::string text =
      "1,2.5,1\n -3 , 0.12345678901234567,-0\r\n1e-3,+4,2\n";
  const auto out = run_over(parser, text, 2, true);
  REQUIRE(out.taken == text.size());
  REQUIRE(out.block.label == std::vector<float>{1, 0, 2});
  REQUIRE(out.block.x ==
          std::vector<double>{1, 2.5, -3, 0.12345678901234567, 1e-3, 4});
  REQUIRE(run_over(parser, "1,2,3\n4,5,6", 2, true).taken == 6);
  REQUIRE(run_over(parser, "\"1\",2,3\n", 2, true).taken == 0);
}

TEST_CASE("a run of csv records gives what parsing them one by one gives",
          "[data]") {
  const std::uint64_t seed = 6;
  Rng rng(seed);
  for (int i = 0; i < 30000; ++i) {
    INFO("seed " << seed << " round " << i);
    auto bound = binding();
    bound.role.push_back(rng.below(2) == 0 ? Binding::weight : Binding::unused);
    bound.name.push_back("w");
    const auto kind = rng.below(4);
    bound.label_text = kind < 2;
    if (kind == 0) bound.label_values = {"1", "2", "3", "no", "yes"};
    if (kind == 2) bound.label_numbers = {1, 2, 3};
    const char delimiter = ",;\t| #"[rng.below(6)];
    std::string text;
    for (auto rows = 1 + rng.below(6); rows > 0; --rows) {
      text += random_number(rng) + delimiter + random_number(rng) + delimiter;
      text += rng.below(4) != 0 ? std::to_string(rng.below(4)) : "yes";
      text += delimiter + std::to_string(rng.below(9));
      text += rng.below(8) == 0 ? "\r\n" : "\n";
    }
    mutate(text, "0123456789,;.-+eE \t\r\n\"xy", rng);
    CsvParser a(delimiter, bound), b(delimiter, bound);
    const auto most = 1 + rng.below(5);
    INFO(text);
    require_same(run_over(a, text, 2, true, most), run_over(b, text, 2, false));
  }
}

}  // namespace psmith::data
