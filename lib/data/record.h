// RecordParser: where a record ends, and what is in it; one text format each.
// One thread; clones are apart.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/raw.h"

namespace psmith::data {

enum class LabelUse : std::uint8_t {
  required,  // a record without a label is bad
  optional,  // taken when the first record (or the header) has one
  ignored,   // recognised and left out
};

// What is wrong with a record, and at which of its bytes.
struct Flaw {
  Fault fault = Fault::label;
  std::size_t offset = 0;
  std::string message;  // may end with "\nhint: ..."
};

struct Parsed {
  bool row = false;  // a row was added; false without a flaw: blank
  // With a flaw: the quotes of a record of several lines do not hold together,
  // so the record may well end with its first line.
  bool one_line = false;
  std::optional<Flaw> flaw;
};

// How far a run goes, and whether blocks hold the records' text.
struct RunLimit {
  std::size_t record_max = 0;
  std::size_t byte_max = 0;  // the record that reaches it is the last
  bool keep_text = false;
};

class RecordParser {
 public:
  static constexpr std::size_t npos = std::string_view::npos;

  virtual ~RecordParser() = default;

  // Bytes of the first record of `text` with its line end, or npos when the
  // record goes on behind the text. ended: nothing follows.
  virtual std::size_t scan(std::string_view text, bool ended) const;

  // Appends the row to `block`, or says why not (the block may then hold a
  // part of the row: roll_back()). record: without its line end.
  virtual Parsed parse(std::string_view record, RawBlock& block) = 0;

  // Appends plain rows, a line each, from the front of `text`: as scan() and
  // parse() would, only faster. Ends before the first record that is not plain
  // or not whole; the bytes taken, 0 for none.
  // REQUIRES: '\n' ends the text or stands right behind it, and kReadPast more
  // bytes may be read (data/digits.h)
  virtual std::size_t run(std::string_view text, const RunLimit& limit,
                          RawBlock& block);

  // Whether lines without quotes are read alike by every clone() from now on,
  // whatever came before them.
  virtual bool divisible() const = 0;
  virtual std::unique_ptr<RecordParser> clone() const = 0;

 protected:
  RecordParser() = default;
  RecordParser(const RecordParser&) = default;

  // Counts the row that run() appended; line: with its '\r', if any.
  static void add_plain(std::string_view line, const RunLimit& limit,
                        RawBlock& block);
};

// A flaw if `known` (ascending; empty: any number goes) lacks the label.
std::optional<Flaw> unknown_label(const std::vector<float>& known, float label,
                                  std::string_view text, std::size_t offset);

inline constexpr const char* kNulText = "a NUL byte: this is not text";

std::uint64_t lines_in(std::string_view text);

// Without "\n" or "\r\n" at the end.
std::string_view without_line_end(std::string_view record);

// What some editors put before UTF-8 text.
inline constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

inline bool is_blank(char c) { return c == ' ' || c == '\t'; }

inline const char* skip_blanks(const char* p, const char* end) {
  while (p < end && is_blank(*p)) ++p;
  return p;
}

std::string_view trimmed(std::string_view text);

}  // namespace psmith::data
