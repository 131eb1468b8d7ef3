#include "data/libsvm.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "base/rng.h"
#include "tests/data/run_check.h"

namespace psmith::data {
namespace {

struct ParsedRow {
  RawBlock block;
  bool row = false;
  std::string fault;  // "OFFSET: message"
};

ParsedRow parsed_row(std::string_view record,
                     LabelUse labels = LabelUse::required) {
  LibsvmParser parser(labels);
  ParsedRow out;
  auto result = parser.parse(record, out.block);
  out.row = result.row;
  if (result.flaw) {
    out.fault =
        std::to_string(result.flaw->offset) + ": " + result.flaw->message;
  }
  return out;
}

}  // namespace

TEST_CASE("a libsvm row is read", "[data]") {
  const auto out =
      parsed_row("+1 0:0.5  3:-2e-3\t18446744073709551615:1 # words 9:x ");
  REQUIRE(out.row);
  REQUIRE(out.block.label == std::vector<float>{1});
  REQUIRE(out.block.index ==
          std::vector<std::uint64_t>{0, 3, 18446744073709551615U});
  REQUIRE(out.block.value == std::vector<float>{0.5F, -2e-3F, 1});
  REQUIRE(out.block.row_begin == std::vector<std::uint64_t>{0, 3});
}

TEST_CASE("a label of -0 is 0", "[data]") {
  REQUIRE_FALSE(std::signbit(parsed_row("-0 1:1").block.label[0]));
}

TEST_CASE("a label alone is a row, a comment or a blank line none", "[data]") {
  REQUIRE(parsed_row("1").row);
  REQUIRE(parsed_row(" 1 ").row);
  for (const auto* text : {"", "  ", "# 1 2:3", " #"}) {
    const auto out = parsed_row(text);
    REQUIRE_FALSE(out.row);
    REQUIRE(out.fault.empty());
  }
}

TEST_CASE("every fault of a libsvm row is named with its place", "[data]") {
  const auto fault = [](std::string_view text) {
    return parsed_row(text).fault;
  };
  REQUIRE(fault("1 7:") == "4: no value after '7:'");
  REQUIRE(fault("1 7: 8:1") == "4: no value after '7:'");
  REQUIRE(fault("1 7") == "2: '7' is not index:value");
  REQUIRE(fault("1 7:1 x:2") == "6: 'x:2' is not index:value");
  REQUIRE(fault("1 :2") == "2: ':2' is not index:value");
  REQUIRE(fault("1 1.5:2") == "2: '1.5:2' is not index:value");
  REQUIRE(fault("1 -3:2") == "2: index '-3' is negative");
  REQUIRE(fault("1 18446744073709551616:1") ==
          "2: index '18446744073709551616' is 2^64 or more");
  REQUIRE(fault("1 5:1 5:2") == "6: index 5 appears twice in the row");
  REQUIRE(fault("1 5:1 3:2") == "6: index 3 after 5: indices must grow");
  REQUIRE(fault("1 0:1 0:2") == "6: index 0 appears twice in the row");
  REQUIRE(fault("1 5:abc") == "4: 'abc' is not a number");
  REQUIRE(fault("1 5:1x") == "4: '1x' is not a number");
  REQUIRE(fault("1 5:1:2") == "4: '1:2' is not a number");
  REQUIRE(fault("1 5:nan") == "4: 'nan' is not a finite number");
  REQUIRE(fault("1 5:-inf") == "4: '-inf' is not a finite number");
  REQUIRE(fault("1 5:1e999") ==
          "4: '1e999' is beyond the range of a 32-bit float");
  REQUIRE(fault("nan 5:1") == "0: label 'nan' is not a finite number");
  REQUIRE(fault("spam 5:1") == "0: label 'spam' is not a number");
  REQUIRE(fault("1,2 5:1") == "0: label '1,2' is not a number");
  REQUIRE(fault("5:1 6:1") == "0: the row has no label");
  REQUIRE(fault("1 qid:7 5:1") ==
          "2: qid: is not supported (ranking groups)\n"
          "hint: remove the qid: fields");
  REQUIRE(fault(std::string_view("1 5:\0001", 6)) ==
          "4: a NUL byte: this is not text");
}

TEST_CASE("labels are optional where nobody needs them", "[data]") {
  REQUIRE(parsed_row("5:1 6:1", LabelUse::optional).row);
  REQUIRE_FALSE(parsed_row("5:1", LabelUse::optional).block.labelled());
  REQUIRE(parsed_row("2 5:1", LabelUse::optional).block.label ==
          std::vector<float>{2});
  REQUIRE(parsed_row("2 5:1", LabelUse::ignored).row);
  REQUIRE_FALSE(parsed_row("2 5:1", LabelUse::ignored).block.labelled());
  LibsvmParser parser(LabelUse::optional);
  RawBlock block;
  REQUIRE(parser.parse("5:1", block).row);
  REQUIRE(parser.parse("1 5:1", block).flaw->message ==
          "the row has a label, but the first row has none");
}

TEST_CASE("no bytes harm the libsvm parser", "[data]") {
  constexpr std::string_view kAlphabet = "0123456789:.-+e \t#nqid";
  const std::uint64_t seed = 11;
  Rng rng(seed);
  LibsvmParser parser(LabelUse::required);
  RawBlock block;
  for (int i = 0; i < 100000; ++i) {
    std::string text = "1 3:0.5 7:1e3 9:2";
    for (auto n = rng.below(6); n > 0; --n) {
      const auto at = rng.below(text.size());
      text[at] = rng.below(8) == 0 ? static_cast<char>(rng.next())
                                   : kAlphabet[rng.below(kAlphabet.size())];
    }
    text.resize(rng.below(text.size() + 1));
    auto result = parser.parse(text, block);
    if (result.flaw) {
      INFO(text);
      REQUIRE(result.flaw->offset <= text.size());
    }
    if (result.row) ++block.row_count;
    block.roll_back();
    REQUIRE(block.row_begin.size() == block.row_count + 1);
    REQUIRE(block.index.size() == block.value.size());
    if (block.row_count > 1000) block.clear();
  }
}

TEST_CASE("plain libsvm rows are taken in one run", "[data]") {
  LibsvmParser parser(LabelUse::required);
  const std::string text =
      "1 1:1 2:0.5\n-1 3:-2.25 4:0.12345678901234567\r\n0\n+2 7:1e-5 \n";
  const auto out = run_over(parser, text, 0, true);
  REQUIRE(out.taken == text.size());
  REQUIRE(out.block.label == std::vector<float>{1, -1, 0, 2});
  REQUIRE(out.block.row_begin == std::vector<std::uint64_t>{0, 2, 4, 4, 5});
  REQUIRE(out.block.value ==
          std::vector<float>{1, 0.5F, -2.25F, 0.12345678901234567F, 1e-5F});
  // A row that has no line end may go on.
  REQUIRE(run_over(parser, "1 1:1\n2 1:2", 0, true).taken == 6);
  REQUIRE(run_over(parser, "1 1:1\n2 1:2 \r", 0, true).taken == 6);
}

TEST_CASE("a run of libsvm rows keeps to its limits", "[data]") {
  LibsvmParser parser(LabelUse::required);
  const std::string text = "1 1:1\n2 1:2\n3 1:3\n" + std::string(64, '\n');
  const std::string_view rows(text.data(), 18);
  RawBlock block;
  REQUIRE(parser.run(rows, {2, 100, false}, block) == 12);
  REQUIRE(parser.run(rows, {9, 6, false}, block) == 6);
  REQUIRE(parser.run(rows, {9, 7, false}, block) == 12);
  REQUIRE(block.row_count == 5);
  REQUIRE(block.text.empty());
}

TEST_CASE("a run of libsvm rows gives what parsing them one by one gives",
          "[data]") {
  const std::uint64_t seed = 5;
  Rng rng(seed);
  for (int i = 0; i < 30000; ++i) {
    INFO("seed " << seed << " round " << i);
    std::string text;
    for (auto rows = 1 + rng.below(6); rows > 0; --rows) {
      if (rng.below(16) != 0) text += random_number(rng);
      std::uint64_t index = 0;
      for (auto n = rng.below(6); n > 0; --n) {
        index += 1 + (rng.next() >> (rng.below(2) == 0 ? 60 : rng.below(64)));
        text += ' ' + std::to_string(index) + ':' + random_number(rng);
      }
      text += rng.below(8) == 0 ? "\r\n" : "\n";
    }
    mutate(text, "0123456789:.-+eE \t\r\n#nqid", rng);
    const auto labels = static_cast<LabelUse>(rng.below(3));
    const std::vector<float> known =
        rng.below(4) == 0 ? std::vector<float>{1, 2, 3} : std::vector<float>{};
    LibsvmParser a(labels, known), b(labels, known);
    const auto most = 1 + rng.below(5);
    INFO(text);
    require_same(run_over(a, text, 0, true, most), run_over(b, text, 0, false));
  }
}

}  // namespace psmith::data
