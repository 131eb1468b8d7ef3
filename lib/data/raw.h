// RawBlock: parsed records before preprocessing; numbers as read, labels as
// numbers or as text. Filled by a RowSource a block at a time and reused, so
// that its arrays keep their memory. A value; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/schema.h"

namespace psmith::data {

// Why a record is bad; --skip-bad counts by these words.
enum class Fault : std::uint8_t {
  label,   // missing, or not usable
  number,  // text for a number
  range,   // nan, inf, beyond a 32-bit float
  index,   // not index:value, negative, 2^64 or more
  order,   // an index that does not grow
  fields,  // too few or too many
  empty,   // an empty field
  quote,   // RFC 4180 broken
  weight,  // negative
  nul,     // a NUL byte
  length,  // longer than the limit
};
inline constexpr std::size_t kFaultCount = 11;
std::string_view name_of(Fault fault);

struct BadRecord {
  std::size_t record = 0;  // its place among the block's records
  Fault fault = Fault::label;
  std::string message;  // FILE:LINE:COLUMN: what is wrong
};

struct RawBlock {
  // Rows: the good records, in order.
  std::size_t row_count = 0;
  bool dense = false;
  std::vector<float> label;             // empty: unlabelled, or text
  std::vector<std::string> label_text;  // empty: unlabelled, or numbers
  std::vector<float> weight;            // empty: no weight column

  std::size_t column_count = 0;  // dense
  std::vector<double> x;         // (rows, columns)

  std::vector<std::uint64_t> row_begin{0};  // sparse: rows + 1
  std::vector<std::uint64_t> index;         // ascending in a row
  std::vector<float> value;

  // Records: good and bad, with their text (no line end) when it was asked
  // for. `bad` is in the order of records; without bad ones record == row.
  std::size_t record_count = 0;
  std::vector<BadRecord> bad;
  std::string text;
  std::vector<std::size_t> text_begin{0};

  bool labelled() const { return !label.empty() || !label_text.empty(); }

  // REQUIRES: record < record_count, and texts were asked for
  std::string_view record_text(std::size_t record) const {
    return std::string_view(text).substr(
        text_begin[record], text_begin[record + 1] - text_begin[record]);
  }

  void clear();
  // Takes back what a bad record began: everything past row_count rows.
  void roll_back();
};

// Where rows come from: files, or a generator.
class RowSource {
 public:
  virtual ~RowSource() = default;

  // What is known of the rows: format, columns (names; not yet fitted), label,
  // weight, whether labels are text. Fixed from the start.
  virtual const Schema& schema() const = 0;

  // The rows that next() will give, if that is cheaply known and no bad record
  // comes between; unset: unknown. Errors: as next(). Before the first next().
  virtual Result<std::optional<std::uint64_t>> row_count() {
    return std::optional<std::uint64_t>();
  }

  // Replaces `block` by the next records, at most `record_max`; false: no more.
  virtual Result<bool> next(std::size_t record_max, RawBlock& block) = 0;
};

}  // namespace psmith::data
