#include "csv_reference.h"

#include <algorithm>

namespace psmith::fuzz {
namespace {

using data::Binding;
using data::Fault;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool delimits(char c, char delimiter) {
  return c == delimiter || (delimiter == ' ' && c == '\t');
}

std::size_t past_blanks(std::string_view text, std::size_t at, char delimiter) {
  while (at < text.size() && is_blank(text[at]) &&
         !delimits(text[at], delimiter)) {
    ++at;
  }
  return at;
}

// Of a field that begins with a quote at `at`.
std::optional<CsvFlaw> take_quoted(std::string_view record, std::size_t at,
                                   char delimiter, CsvField& field) {
  field.offset = at++;
  while (true) {
    if (at >= record.size()) return CsvFlaw{Fault::quote, field.offset};
    if (record[at] != '"') {
      field.text += record[at++];
    } else if (at + 1 < record.size() && record[at + 1] == '"') {
      field.text += '"';
      at += 2;
    } else {
      ++at;
      break;
    }
  }
  at = past_blanks(record, at, delimiter);
  if (at < record.size() && !delimits(record[at], delimiter)) {
    return CsvFlaw{Fault::quote, at};
  }
  field.end = at;
  return std::nullopt;
}

std::optional<CsvFlaw> take_field(std::string_view record, std::size_t at,
                                  char delimiter, CsvField& field) {
  at = past_blanks(record, at, delimiter);
  if (at < record.size() && record[at] == '"') {
    return take_quoted(record, at, delimiter, field);
  }
  field.offset = at;
  while (at < record.size() && !delimits(record[at], delimiter)) {
    if (record[at] == '"') return CsvFlaw{Fault::quote, at};
    field.text += record[at++];
  }
  field.text = stripped(field.text);
  field.end = at;
  return std::nullopt;
}

// Takes the fields of a record into a row.
class RowMaker {
 public:
  explicit RowMaker(const CsvPlan& plan) : binding_(plan.binding) {}

  std::optional<CsvFlaw> make(const CsvRecord& cut, std::string_view record,
                              Record& out) const {
    out.x.assign(binding_.feature_count, 0);
    const auto wanted = binding_.role.size();
    for (std::size_t i = 0; i < cut.fields.size(); ++i) {
      const auto& field = cut.fields[i];
      if (auto flaw = take(field, i, out)) return flaw;
      const bool last = i + 1 == cut.fields.size() && !cut.flaw;
      if (last != (i + 1 == wanted)) {
        return CsvFlaw{Fault::fields, last ? record.size() : field.end};
      }
    }
    return cut.flaw;
  }

 private:
  std::optional<CsvFlaw> take(const CsvField& field, std::size_t i,
                              Record& out) const {
    const auto role = binding_.role[i];
    if (role == Binding::unused) return std::nullopt;
    if (field.text.empty()) return CsvFlaw{Fault::empty, field.offset};
    if (role == Binding::label && binding_.label_text) {
      return take_text(field, out);
    }
    const auto number = plain_number(field.text);
    if (number.fault) return CsvFlaw{*number.fault, field.offset};
    const float positive_zero = number.rounded == 0 ? 0 : number.rounded;
    if (role == Binding::label) {
      const auto& known = binding_.label_numbers;
      out.label = bits(positive_zero);
      if (!known.empty() &&
          std::find(known.begin(), known.end(), positive_zero) == known.end()) {
        return CsvFlaw{Fault::label, field.offset};
      }
    } else if (role == Binding::weight) {
      if (number.value < 0) return CsvFlaw{Fault::weight, field.offset};
      out.weight = bits(positive_zero);
    } else {
      out.x[static_cast<std::size_t>(role)] = bits(number.value);
    }
    return std::nullopt;
  }

  std::optional<CsvFlaw> take_text(const CsvField& field, Record& out) const {
    const auto& known = binding_.label_values;
    if (known.empty()) {
      out.label_text = field.text;
      return std::nullopt;
    }
    const auto at = std::find(known.begin(), known.end(), field.text);
    if (at == known.end()) return CsvFlaw{Fault::label, field.offset};
    out.label = bits(static_cast<float>(at - known.begin()));
    return std::nullopt;
  }

  const Binding& binding_;
};

// Is the text between quotes where it ends?
bool ends_inside(std::string_view record, char delimiter) {
  bool inside = false, start = true;
  for (std::size_t i = 0; i < record.size(); ++i) {
    const char c = record[i];
    if (c == '"' && inside && i + 1 < record.size() && record[i + 1] == '"') {
      ++i;
    } else if (c == '"' && (inside || start)) {
      inside = !inside;
    } else if (c == '\n' && !inside) {
      return false;
    }
    start = delimits(c, delimiter) || (start && is_blank(c));
  }
  return inside;
}

}  // namespace

std::string_view bare(std::string_view record) {
  if (record.ends_with('\n')) record.remove_suffix(1);
  if (record.ends_with('\r')) record.remove_suffix(1);
  return record;
}

std::string_view stripped(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

CsvRecord csv_fields(std::string_view record, char delimiter) {
  CsvRecord out;
  std::size_t at = 0;
  if (delimiter == ' ') {
    while (!record.empty() && is_blank(record.back())) record.remove_suffix(1);
    at = std::min(record.find_first_not_of(" \t"), record.size());
  }
  while (true) {
    CsvField field;
    out.flaw = take_field(record, at, delimiter, field);
    if (out.flaw) return out;
    at = field.end;
    out.fields.push_back(std::move(field));
    if (at == record.size()) return out;
    ++at;
    while (delimiter == ' ' && at < record.size() && is_blank(record[at])) {
      ++at;
    }
  }
}

std::size_t csv_extent(std::string_view text, char delimiter) {
  for (std::size_t end = 0;; ++end) {
    end = text.find('\n', end);
    if (end == text.npos) return text.size();
    if (!ends_inside(text.substr(0, end), delimiter)) return end + 1;
  }
}

std::vector<Record> csv_records(std::string_view text, std::size_t at,
                                const CsvPlan& plan) {
  std::vector<Record> out;
  std::size_t by_line_until = 0;  // a quote was opened and never closed
  while (at < text.size()) {
    const auto rest = text.substr(at);
    const auto line = std::min(rest.find('\n'), rest.size() - 1) + 1;
    auto size = at < by_line_until ? line : csv_extent(rest, plan.delimiter);
    auto record = bare(rest.substr(0, size));
    Record row;
    std::optional<CsvFlaw> flaw;
    const auto nul = record.find('\0');
    if (nul != record.npos) {
      flaw = CsvFlaw{Fault::nul, nul};
    } else if (stripped(record).empty()) {
      at += size;
      continue;
    } else {
      auto whole = record;
      if (plan.delimiter == ' ') {
        while (is_blank(whole.back())) whole.remove_suffix(1);
      }
      flaw =
          RowMaker(plan).make(csv_fields(record, plan.delimiter), whole, row);
    }
    if (flaw) {
      const bool lines = record.find('\n') != record.npos;
      if (lines && (flaw->fault == Fault::quote ||
                    ends_inside(record, plan.delimiter))) {
        by_line_until = std::max(by_line_until, at + size);
        size = line;
      }
      row = {.fault = flaw->fault,
             .place = place_of(text, at + flaw->offset),
             .text = {}};
    }
    row.text = bare(rest.substr(0, size));
    out.push_back(std::move(row));
    at += size;
  }
  return out;
}

}  // namespace psmith::fuzz
