// Piece: some whole lines of an input, and the records in them. Pieces are
// parsed on any thread, each on one at a time, and taken in their order by the
// Reader, which alone knows in which line of the input a piece begins.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/record.h"

namespace psmith::data {

struct PieceFlaw {
  std::size_t row = 0;     // good records of the piece before it
  std::uint64_t line = 0;  // of the piece, from 0
  std::size_t column = 0;  // from 1
  std::string_view text;   // of the record, without its line end
  Fault fault = Fault::label;
  std::string message;
};

struct Piece {
  std::vector<char> buffer;  // text, and what run() needs behind it
  std::size_t begin = 0, end = 0;
  std::string_view text() const { return {buffer.data() + begin, end - begin}; }

  RawBlock block;  // the good records
  std::vector<PieceFlaw> flaws;
  std::uint64_t lines = 0;
};

// Fills the block, the flaws and the lines from the text.
// REQUIRES: the text ends with a line end; a record is a line
void parse_piece(RecordParser& parser, bool keep_text, Piece& piece);

// Rows [begin, end) of `from` behind those of `to`, with their texts.
// REQUIRES: begin <= end <= from.row_count; from.bad is empty; both are of one
// input's shape
void append_rows(const RawBlock& from, std::size_t begin, std::size_t end,
                 RawBlock& to);

}  // namespace psmith::data
