#include "data/piece.h"

#include <catch2/catch.hpp>
#include <string>

#include "data/digits.h"
#include "data/libsvm.h"

namespace psmith::data {
namespace {

Piece piece_of(const std::string& text) {
  Piece piece;
  piece.buffer.assign(text.begin(), text.end());
  piece.end = text.size();
  piece.buffer.resize(text.size() + kReadPast);
  return piece;
}

}  // namespace

TEST_CASE("a piece keeps its good rows and says where the bad ones are",
          "[data]") {
  auto piece = piece_of("1 1:1\n1 x\r\n\n# c\n2 2:2\n3 3:3 3:4\n4\n");
  LibsvmParser parser(LabelUse::required);
  parse_piece(parser, true, piece);
  REQUIRE(piece.lines == 7);
  REQUIRE(piece.block.label == std::vector<float>{1, 2, 4});
  REQUIRE(piece.block.row_begin == std::vector<std::uint64_t>{0, 1, 2, 2});
  REQUIRE(piece.block.text == "1 1:12 2:24");
  REQUIRE(piece.flaws.size() == 2);
  REQUIRE(piece.flaws[0].row == 1);
  REQUIRE(piece.flaws[0].line == 1);
  REQUIRE(piece.flaws[0].column == 3);
  REQUIRE(piece.flaws[0].text == "1 x");
  REQUIRE(piece.flaws[0].message == "'x' is not index:value");
  REQUIRE(piece.flaws[1].row == 2);
  REQUIRE(piece.flaws[1].line == 5);
  REQUIRE(piece.flaws[1].fault == Fault::order);
}

TEST_CASE("rows are appended with all that they have", "[data]") {
  auto piece = piece_of("1 1:1\n2 2:2 3:3\n3\n4 4:4\n");
  LibsvmParser parser(LabelUse::required);
  parse_piece(parser, true, piece);
  RawBlock out;
  append_rows(piece.block, 3, 4, out);
  append_rows(piece.block, 1, 3, out);
  append_rows(piece.block, 2, 2, out);
  REQUIRE(out.row_count == 3);
  REQUIRE(out.record_count == 3);
  REQUIRE(out.label == std::vector<float>{4, 2, 3});
  REQUIRE(out.row_begin == std::vector<std::uint64_t>{0, 1, 3, 3});
  REQUIRE(out.index == std::vector<std::uint64_t>{4, 2, 3});
  REQUIRE(out.value == std::vector<float>{4, 2, 3});
  REQUIRE(out.record_text(1) == "2 2:2 3:3");
}

}  // namespace psmith::data
