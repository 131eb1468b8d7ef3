// RecordParser::run() against parse(), record by record, on the same text.
#pragma once

#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <vector>

#include "base/rng.h"
#include "data/digits.h"
#include "data/record.h"

namespace psmith::data {

// Every row and flaw of a text, and how many bytes run() took.
struct Run {
  RawBlock block;
  std::vector<std::string> flaws;  // "ROW OFFSET message"
  std::size_t taken = 0;
};

inline void take_one(RecordParser& parser, std::string_view& text, Run& out) {
  const auto size = parser.scan(text, true);
  const auto record = without_line_end(text.substr(0, size));
  const auto parsed = parser.parse(record, out.block);
  if (parsed.flaw) {
    out.block.roll_back();
    out.flaws.push_back(std::to_string(out.block.row_count) + " " +
                        std::to_string(parsed.flaw->offset) + " " +
                        parsed.flaw->message);
  }
  if (parsed.row) {
    ++out.block.row_count;
    ++out.block.record_count;
    out.block.text += record;
    out.block.text_begin.push_back(out.block.text.size());
  }
  text.remove_prefix(size);
}

// fast: with run(), of at most `record_max` rows at a time.
inline Run run_over(RecordParser& parser, const std::string& text,
                    std::size_t column_count, bool fast,
                    std::size_t record_max = 1000) {
  std::vector<char> padded(text.begin(), text.end());
  padded.push_back('\n');
  padded.resize(padded.size() + kReadPast, '7');
  Run out;
  out.block.column_count = column_count;
  out.block.dense = column_count > 0;
  std::string_view left(padded.data(), text.size());
  while (!left.empty()) {
    const auto used =
        fast ? parser.run(left, {record_max, std::size_t{1} << 20, true},
                          out.block)
             : 0;
    out.taken += used;
    left.remove_prefix(used);
    if (used == 0) take_one(parser, left, out);
  }
  return out;
}

template <class T>
bool same_bytes(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() &&
         (a.empty() ||
          std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

inline void require_same(const Run& a, const Run& b) {
  REQUIRE(a.flaws == b.flaws);
  REQUIRE(a.block.row_count == b.block.row_count);
  REQUIRE(a.block.record_count == b.block.record_count);
  REQUIRE(a.block.row_begin == b.block.row_begin);
  REQUIRE(a.block.index == b.block.index);
  REQUIRE(same_bytes(a.block.value, b.block.value));
  REQUIRE(same_bytes(a.block.x, b.block.x));
  REQUIRE(same_bytes(a.block.label, b.block.label));
  REQUIRE(same_bytes(a.block.weight, b.block.weight));
  REQUIRE(a.block.label_text == b.block.label_text);
  REQUIRE(a.block.text == b.block.text);
  REQUIRE(a.block.text_begin == b.block.text_begin);
}

// A number as a file may have it: short, long, with an exponent.
inline std::string random_number(Rng& rng) {
  std::string out = rng.below(8) == 0 ? "-" : "";
  out += std::to_string(rng.next() >> (rng.below(2) == 0 ? 60 : rng.below(64)));
  if (rng.below(4) != 0) {
    out += '.';
    for (auto n = rng.below(20); n > 0; --n) {
      out += static_cast<char>('0' + rng.below(10));
    }
  }
  if (rng.below(16) == 0) out += "e" + std::to_string(rng.below(60));
  if (rng.below(16) == 0) out += "e-" + std::to_string(rng.below(60));
  return out;
}

// Some bytes of a text become others.
inline void mutate(std::string& text, std::string_view alphabet, Rng& rng) {
  for (auto n = rng.below(4); n > 0; --n) {
    text[rng.below(text.size())] = rng.below(8) == 0
                                       ? static_cast<char>(rng.next())
                                       : alphabet[rng.below(alphabet.size())];
  }
}

}  // namespace psmith::data
