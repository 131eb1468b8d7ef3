// What a Reader makes of a text, record by record and to the bit, so that two
// readings can be compared, and a slow, plain reading of the same text to
// compare them with. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/reader.h"

namespace psmith::fuzz {

struct Record {
  // What is wrong with it, and at which LINE:COLUMN; unset: a row.
  std::optional<data::Fault> fault;
  std::string place;
  std::string text;
  // A row's numbers as bits.
  std::optional<std::uint32_t> label, weight;
  std::optional<std::string> label_text;
  std::vector<std::uint64_t> x, index;
  std::vector<std::uint32_t> value;

  friend bool operator==(const Record&, const Record&) = default;
};

struct Reading {
  // Set when the reader was open.
  std::optional<data::Schema> schema;
  std::vector<Record> records;
  std::string error;  // how it ended, without the file's name; "": well

  friend bool operator==(const Reading&, const Reading&) = default;
};

// Reads all of one input. Checks each block, and that the places of errors are
// in the text.
Reading read_all(data::ReaderOptions options, std::string_view text,
                 std::size_t record_max);

// Through a file and through a pipe that cuts the text anywhere: the same. In a
// long run that is told what it reads, seven times in eight only one of the
// two. Now and then also behind blank lines, so that it ends with a page of the
// file or lies across two pieces that the reader takes.
Reading read_either_way(const data::ReaderOptions& options,
                        std::string_view text, std::uint64_t seed);

// The text as the Reader sees it, and whether it can be opened at all.
std::string_view without_mark(std::string_view text);
// Whether it begins as gzip or zstd does, which decode_fuzz.cc is for.
bool taken_for_packed(std::string_view text);
// fitted: by a schema, when the first line is enough to begin.
bool openable(std::string_view text, bool may_be_empty, bool fitted);

// "LINE:COLUMN" of an offset.
std::string place_of(std::string_view text, std::size_t offset);

// Whether the two readings agree; prints what does not.
bool agree(const Reading& reading, const std::vector<Record>& expected);

// ---- numbers, by the C library

struct PlainNumber {
  std::optional<data::Fault> fault;  // number, range
  double value = 0;
  float rounded = 0;
};
PlainNumber plain_number(std::string_view text);

// A natural number; nothing if it is 2^64 or more. REQUIRES: digits only
std::optional<std::uint64_t> plain_index(std::string_view digits);

std::uint32_t bits(float value);
std::uint64_t bits(double value);

}  // namespace psmith::fuzz
