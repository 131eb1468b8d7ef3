// CsvParser::run: records without quotes, a line each, in one pass. Whatever is
// unusual in a record leaves it to parse().
#include <algorithm>

#include "data/csv.h"
#include "data/fast_number.h"

namespace psmith::data {
namespace {

// Delimiters that are no part of a number, a quote or a line end.
constexpr std::string_view kDelimiters = ",;\t|:";

// The row that is being read.
struct OpenRow {
  const Binding& binding;
  char delimiter;
  const char* end;  // of the text
  double* x;
  RawBlock& block;
};

inline void skip_outer(const char*& p, char delimiter) {
  while (is_blank(*p) && *p != delimiter) ++p;
}

// The text at p up to a delimiter or a line end, without blanks at its end;
// nothing if a byte in it is not plain.
inline std::optional<std::string_view> read_text(const char*& p,
                                                 char delimiter) {
  const char* q = p;
  while (*q != delimiter && *q != '\n' && *q != '\r') {
    if (*q == '"' || *q == 0) return std::nullopt;
    ++q;
  }
  const std::string_view text(p, static_cast<std::size_t>(q - p));
  p = q;
  return trimmed(text);
}

bool take_text(std::string_view text, const OpenRow& row) {
  const auto& known = row.binding.label_values;
  if (known.empty()) {
    row.block.label_text.emplace_back(text);
    return true;
  }
  const auto at = std::lower_bound(known.begin(), known.end(), text);
  if (at == known.end() || *at != text) return false;
  row.block.label.push_back(static_cast<float>(at - known.begin()));
  return true;
}

// A field that is no feature.
bool take_other(std::int32_t role, const char*& p, const OpenRow& row) {
  if (role == Binding::unused || row.binding.label_text) {
    if (role != Binding::weight) {
      const auto text = read_text(p, row.delimiter);
      if (!text || text->empty()) return false;
      return role == Binding::unused || take_text(*text, row);
    }
  }
  if (role == Binding::weight && *p == '-') return false;
  float number = 0;
  if (!read_fast(p, row.end, number)) return false;
  number += 0.0F;  // -0 is 0
  if (role == Binding::weight) {
    row.block.weight.push_back(number);
    return true;
  }
  row.block.label.push_back(number);
  const auto& known = row.binding.label_numbers;
  return known.empty() ||
         std::binary_search(known.begin(), known.end(), number);
}

// Reads the fields at p to the line end; p then stands there.
bool read_fields(const char*& at, const OpenRow& row) {
  const char* p = at;
  const auto& roles = row.binding.role;
  for (std::size_t i = 0; i < roles.size(); ++i) {
    if (i > 0 && *p++ != row.delimiter) return false;
    skip_outer(p, row.delimiter);
    const auto role = roles[i];
    const bool good =
        role >= 0 ? read_fast(p, row.end, row.x[static_cast<std::size_t>(role)])
                  : take_other(role, p, row);
    if (!good) return false;
    skip_outer(p, row.delimiter);
  }
  if (*p == '\r') ++p;
  at = p;
  return *p == '\n';
}

}  // namespace

std::size_t CsvParser::run(std::string_view text, const RunLimit& limit,
                           RawBlock& block) {
  if (kDelimiters.find(delimiter_) == npos || binding_.role.empty()) return 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const char* p = begin;
  const auto records = block.record_count;
  const auto width = binding_.feature_count;
  std::size_t room = block.row_count, more = 512 / (width + 1) + 1;
  while (p < end && block.record_count - records < limit.record_max &&
         static_cast<std::size_t>(p - begin) < limit.byte_max) {
    if (block.row_count == room) {
      room += more;  // a short run clears little
      more *= 2;
      block.x.resize(room * width);
    }
    const char* const row = p;
    const bool good =
        read_fields(p, {binding_, delimiter_, end,
                        block.x.data() + block.row_count * width, block});
    if (!good || p >= end) {
      p = row;
      break;
    }
    add_plain({row, static_cast<std::size_t>(p - row)}, limit, block);
    ++p;
  }
  block.roll_back();
  return static_cast<std::size_t>(p - begin);
}

}  // namespace psmith::data
