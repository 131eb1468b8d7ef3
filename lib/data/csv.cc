#include "data/csv.h"

#include <algorithm>
#include <cstring>

#include "base/format.h"
#include "data/number.h"

namespace psmith::data {
namespace {

bool delimits(char c, char delimiter) {
  return c == delimiter || (delimiter == ' ' && c == '\t');
}

// Skips blanks that are not the delimiter.
const char* skip_outer(const char* p, const char* end, char delimiter) {
  while (p < end && is_blank(*p) && !delimits(*p, delimiter)) ++p;
  return p;
}

// Past the delimiter at p; with ' ' past the whole run of blanks.
const char* past_delimiter(const char* p, const char* end, char delimiter) {
  return delimiter == ' ' ? skip_blanks(p, end) : p + 1;
}

Field quoted_field(std::string_view record, const char* p, char delimiter,
                   std::string& scratch) {
  const char* const end = record.data() + record.size();
  const auto offset = static_cast<std::size_t>(p - record.data());
  scratch.clear();
  for (++p;; ++p) {
    const auto rest = static_cast<std::size_t>(end - p);
    const auto* quote =
        rest == 0 ? nullptr
                  : static_cast<const char*>(std::memchr(p, '"', rest));
    if (quote == nullptr) {
      return {.flaw = Flaw{Fault::quote, offset,
                           "the quoted field that begins here is not closed"}};
    }
    scratch.append(p, quote);
    p = quote + 1;
    if (p == end || *p != '"') break;
    scratch += '"';
  }
  p = skip_outer(p, end, delimiter);
  if (p < end && !delimits(*p, delimiter)) {
    return {.flaw =
                Flaw{Fault::quote, static_cast<std::size_t>(p - record.data()),
                     "text after the closing quote of a field\n"
                     "hint: a quote inside a quoted field is doubled"}};
  }
  return {.text = scratch, .offset = offset, .end = p};
}

Field next_field(std::string_view record, const char* p, char delimiter,
                 std::string& scratch) {
  const char* const end = record.data() + record.size();
  p = skip_outer(p, end, delimiter);
  if (p < end && *p == '"') {
    return quoted_field(record, p, delimiter, scratch);
  }
  const char* q = p;
  while (q < end && !delimits(*q, delimiter) && *q != '"') ++q;
  if (q < end && *q == '"') {
    return {.flaw =
                Flaw{Fault::quote, static_cast<std::size_t>(q - record.data()),
                     "a quote inside a field that is not quoted"}};
  }
  const auto text = trimmed({p, static_cast<std::size_t>(q - p)});
  return {.text = text,
          .offset = static_cast<std::size_t>(p - record.data()),
          .end = q};
}

// How far the first record of a text goes; without an end it goes on behind
// the text, or has a quote that nothing closes.
struct Extent {
  std::size_t size = 0;
  bool ends = false;
  bool inside = false;  // between quotes
};

Extent extent_of(std::string_view text, char delimiter, bool ended) {
  bool inside = false, start = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (inside) {
      if (c != '"') continue;
      if (i + 1 == text.size() && !ended) break;  // it may yet be doubled
      const bool doubled = i + 1 < text.size() && text[i + 1] == '"';
      if (doubled) ++i;
      inside = doubled;
    } else if (c == '\n') {
      return {.size = i + 1, .ends = true};
    } else if (c == '"' && start) {
      inside = true;
    }
    start = delimits(c, delimiter) || (start && is_blank(c));
  }
  return {.size = text.size(), .ends = false, .inside = inside};
}

}  // namespace

std::size_t CsvParser::scan(std::string_view text, bool ended) const {
  const auto newline = text.find('\n');
  const auto line = text.substr(0, newline);
  if (line.find('"') == npos) return RecordParser::scan(text, ended);
  const auto extent = extent_of(text, delimiter_, ended);
  if (extent.ends) return extent.size;
  return ended && !text.empty() ? text.size() : npos;
}

Flaw CsvParser::count_flaw(std::string_view record, std::size_t count,
                           std::size_t offset) const {
  const auto wanted = binding_.role.size();
  if (auto all = fields(record, delimiter_)) count = all->size();
  return {
      Fault::fields, offset,
      format("the row has {} field{}, not {}{}", count, count == 1 ? "" : "s",
             wanted,
             count > wanted ? "\nhint: put quotes around fields that hold the "
                              "delimiter"
                            : "")};
}

Flaw CsvParser::number_flaw(NumberFault fault, std::string_view text,
                            std::size_t field, std::size_t offset) const {
  const bool range =
      fault == NumberFault::not_finite || fault == NumberFault::range;
  const auto& name = binding_.name[field];
  auto message =
      format("column {}: {}", in_quotes(name), describe(fault, text));
  if (!range && !binding_.fitted && binding_.role[field] == Binding::label) {
    message += "\nhint: labels are text if the first two are no numbers";
  }
  if (!range && !binding_.fitted && binding_.role[field] >= 0) {
    message += format("\nhint: leave the column out with --ignore {}",
                      in_quotes(name));
  }
  return {range ? Fault::range : Fault::number, offset, std::move(message)};
}

std::optional<Flaw> CsvParser::take_label(std::string_view text,
                                          std::size_t offset, std::size_t index,
                                          RawBlock& block) {
  if (!binding_.label_text) {
    const auto number = parse_whole(text);
    if (number.fault != NumberFault::none) {
      return number_flaw(number.fault, text, index, offset);
    }
    // -0 is 0: rows that say the same are the same.
    const float label = to_float(text.data(), number) + 0.0F;
    block.label.push_back(label);
    return unknown_label(binding_.label_numbers, label, text, offset);
  }
  const auto& known = binding_.label_values;
  if (known.empty()) {
    block.label_text.emplace_back(text);
    return std::nullopt;
  }
  const auto at = std::lower_bound(known.begin(), known.end(), text);
  if (at == known.end() || *at != text) {
    return Flaw{Fault::label, offset,
                format("label {} is none of the {} known ones", in_quotes(text),
                       known.size())};
  }
  block.label.push_back(static_cast<float>(at - known.begin()));
  return std::nullopt;
}

// Takes one field at p into the block; p then stands behind it.
std::optional<Flaw> CsvParser::take(std::size_t index, std::string_view record,
                                    const char*& p, RawBlock& block) {
  const char* const end = record.data() + record.size();
  const auto role = binding_.role[index];
  if (role >= 0 && !in_numbers_) {  // the fast path: a plain number
    const char* begin = skip_outer(p, end, delimiter_);
    const auto number = parse_number(begin, end);
    const char* after = skip_outer(number.end, end, delimiter_);
    if (number.fault == NumberFault::none &&
        (after == end || delimits(*after, delimiter_))) {
      block.x[block.row_count * binding_.feature_count +
              static_cast<std::size_t>(role)] = number.value;
      p = after;
      return std::nullopt;
    }
  }
  return take_slow(index, record, p, block);
}

std::optional<Flaw> CsvParser::take_slow(std::size_t index,
                                         std::string_view record,
                                         const char*& p, RawBlock& block) {
  const auto role = binding_.role[index];
  auto field = next_field(record, p, delimiter_, scratch_);
  if (field.flaw) return std::move(field.flaw);
  p = field.end;
  if (role == Binding::unused) return std::nullopt;
  const auto& name = binding_.name[index];
  if (field.text.empty()) {
    auto message = format("column {}: the field is empty", in_quotes(name));
    if (!binding_.fitted) {
      message += format("\nhint: leave {} with --skip-bad N",
                        role >= 0 ? "the column out with --ignore " +
                                        in_quotes(name) + ", or such rows"
                                  : "such rows out");
    }
    return Flaw{Fault::empty, field.offset, std::move(message)};
  }
  if (role == Binding::label) {
    return take_label(field.text, field.offset, index, block);
  }
  const auto number = parse_whole(field.text);
  if (number.fault != NumberFault::none) {
    return number_flaw(number.fault, field.text, index, field.offset);
  }
  if (role == Binding::weight) {
    if (number.value < 0) {
      return Flaw{Fault::weight, field.offset,
                  format("weight {} is negative", in_quotes(field.text))};
    }
    block.weight.push_back(to_float(field.text.data(), number) + 0.0F);
    return std::nullopt;
  }
  block.x[block.row_count * binding_.feature_count +
          static_cast<std::size_t>(role)] = number.value;
  return std::nullopt;
}

Parsed CsvParser::parse(std::string_view record, RawBlock& block) {
  auto parsed = parse_fields(record, block);
  if (parsed.flaw && record.find('\n') != npos) {
    parsed.one_line = parsed.flaw->fault == Fault::quote ||
                      extent_of(record, delimiter_, true).inside;
  }
  return parsed;
}

Parsed CsvParser::parse_fields(std::string_view record, RawBlock& block) {
  const char* const begin = record.data();
  const char* end = begin + record.size();
  if (const void* nul = std::memchr(begin, 0, record.size())) {
    const auto at = static_cast<const char*>(nul) - begin;
    return {.flaw = Flaw{Fault::nul, static_cast<std::size_t>(at), kNulText}};
  }
  const char* p = begin;
  if (skip_blanks(p, end) == end) return {};
  if (delimiter_ == ' ') {  // outer blanks separate nothing
    p = skip_blanks(p, end);
    while (is_blank(end[-1])) --end;
    record = {begin, static_cast<std::size_t>(end - begin)};
  }
  block.x.resize((block.row_count + 1) * binding_.feature_count);
  const auto wanted = binding_.role.size();
  for (std::size_t field = 0;;) {
    if (auto flaw = take(field, record, p, block)) {
      return {.flaw = std::move(flaw)};
    }
    ++field;
    const bool more = p < end;
    if (more == (field < wanted)) {
      if (!more) return {.row = true, .flaw = {}};
      p = past_delimiter(p, end, delimiter_);
      continue;
    }
    return {.flaw =
                count_flaw(record, field, static_cast<std::size_t>(p - begin))};
  }
}

Result<std::vector<std::string>> CsvParser::fields(std::string_view record,
                                                   char delimiter) {
  if (delimiter == ' ') record = trimmed(record);
  std::vector<std::string> out;
  std::string scratch;
  const char* const end = record.data() + record.size();
  for (const char* p = record.data();; p = past_delimiter(p, end, delimiter)) {
    const auto field = next_field(record, p, delimiter, scratch);
    if (field.flaw) return error(Code::corrupt, "{}", field.flaw->message);
    out.emplace_back(field.text);
    p = field.end;
    if (p == end) return out;
  }
}

}  // namespace psmith::data
