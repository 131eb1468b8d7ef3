#include "data/piece.h"

#include <limits>

namespace psmith::data {
namespace {

// Values [begin, end) * width, if there are any.
template <class T>
void append_part(const std::vector<T>& from, std::size_t begin, std::size_t end,
                 std::vector<T>& to) {
  if (from.empty()) return;
  to.insert(to.end(), from.begin() + static_cast<std::ptrdiff_t>(begin),
            from.begin() + static_cast<std::ptrdiff_t>(end));
}

void parse_one(RecordParser& parser, std::string_view record, bool keep_text,
               Piece& piece) {
  auto& block = piece.block;
  auto parsed = parser.parse(record, block);
  if (parsed.flaw) {
    block.roll_back();
    piece.flaws.push_back({.row = block.row_count,
                           .line = piece.lines,
                           .column = parsed.flaw->offset + 1,
                           .text = record,
                           .fault = parsed.flaw->fault,
                           .message = std::move(parsed.flaw->message)});
  }
  if (!parsed.row) return;
  ++block.row_count;
  ++block.record_count;
  if (!keep_text) return;
  block.text += record;
  block.text_begin.push_back(block.text.size());
}

}  // namespace

void parse_piece(RecordParser& parser, bool keep_text, Piece& piece) {
  constexpr auto kAll = std::numeric_limits<std::size_t>::max();
  const RunLimit all{kAll, kAll, keep_text};
  piece.flaws.clear();
  piece.lines = 0;
  for (auto left = piece.text(); !left.empty();) {
    const auto rows = piece.block.row_count;
    const auto used = parser.run(left, all, piece.block);
    piece.lines += piece.block.row_count - rows;
    left.remove_prefix(used);
    if (left.empty()) break;
    const auto size = left.find('\n') + 1;
    parse_one(parser, without_line_end(left.substr(0, size)), keep_text, piece);
    ++piece.lines;
    left.remove_prefix(size);
  }
}

void append_rows(const RawBlock& from, std::size_t begin, std::size_t end,
                 RawBlock& to) {
  append_part(from.label, begin, end, to.label);
  append_part(from.label_text, begin, end, to.label_text);
  append_part(from.weight, begin, end, to.weight);
  append_part(from.x, begin * from.column_count, end * from.column_count, to.x);
  if (!from.dense) {
    const auto first = from.row_begin[begin];
    const auto base = to.index.size();
    append_part(from.index, first, from.row_begin[end], to.index);
    append_part(from.value, first, from.row_begin[end], to.value);
    for (auto row = begin + 1; row <= end; ++row) {
      to.row_begin.push_back(base + from.row_begin[row] - first);
    }
  }
  if (from.text_begin.size() > 1) {
    const auto first = from.text_begin[begin];
    const auto base = to.text.size();
    to.text.append(from.text, first, from.text_begin[end] - first);
    for (auto row = begin + 1; row <= end; ++row) {
      to.text_begin.push_back(base + from.text_begin[row] - first);
    }
  }
  to.row_count += end - begin;
  to.record_count += end - begin;
}

}  // namespace psmith::data
