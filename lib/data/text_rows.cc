#include "data/text_rows.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "data/bind.h"
#include "data/number.h"
#include "data/record.h"
#include "file/json.h"

namespace psmith::data {

double raw_value(const Column& column, float z) {
  const double exact = static_cast<double>(z) * column.scale + column.mean;
  std::array<char, 64> text;
  double rounded = 0;
  const auto fits = [&](std::chars_format form, int digits) {
    const auto end = std::to_chars(text.data(), text.data() + text.size(),
                                   exact, form, digits)
                         .ptr;
    std::from_chars(text.data(), end, rounded);
    if (std::fabs(rounded) < kNumberLeast) rounded = 0;
    return standardised(column, rounded) == z;
  };
  // Decimals after the point first: near 0, where significant digits would
  // keep what rounding left of it.
  constexpr int kDecimals = 9, kSignificant = 17;
  for (int i = 0; i <= kDecimals && std::fabs(exact) < 1e15; ++i) {
    if (fits(std::chars_format::fixed, i)) return rounded + 0.0;
  }
  for (int i = 0; i < kSignificant; ++i) {
    if (fits(std::chars_format::scientific, i)) return rounded + 0.0;
  }
  return exact;
}

std::string csv_field(std::string_view text, char delimiter) {
  const bool plain =
      !text.empty() && text == trimmed(text) &&
      text.find_first_of(std::string("\"\r\n") + delimiter) ==
          std::string_view::npos &&
      (delimiter != ' ' || text.find('\t') == std::string_view::npos);
  if (plain) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    out += c;
    if (c == '"') out += c;
  }
  return out + '"';
}

TextRows::TextRows(const Schema& schema, bool weighted)
    : schema_(schema), weighted_(weighted) {
  for (std::size_t i = 0; i < schema_.columns.size(); ++i) {
    cells_.push_back({Cell::feature, i});
  }
  cells_.push_back({Cell::label, 0});
  if (weighted_) cells_.push_back({Cell::weight, 0});
  if (schema_.header) return;
  const auto number_of = [&](const Cell& cell) {
    const auto& name = cell.kind == Cell::feature
                           ? schema_.columns[cell.index].name
                       : cell.kind == Cell::label ? schema_.label
                                                  : schema_.weight;
    return column_number(name);
  };
  std::stable_sort(cells_.begin(), cells_.end(),
                   [&](const Cell& a, const Cell& b) {
                     return number_of(a) < number_of(b);
                   });
}

std::string TextRows::header() const {
  if (!schema_.dense() || !schema_.header) return "";
  std::string out;
  for (const auto& cell : cells_) {
    if (!out.empty()) out += schema_.delimiter;
    const auto& name = cell.kind == Cell::feature
                           ? schema_.columns[cell.index].name
                       : cell.kind == Cell::label ? schema_.label
                                                  : schema_.weight;
    out += csv_field(name, schema_.delimiter);
  }
  return out + '\n';
}

std::string TextRows::label_text(float label) const {
  if (!schema_.label_text) return shortest(label);
  const auto& values = schema_.label_values;
  const bool known = label >= 0 && label < static_cast<float>(values.size());
  return known ? values[static_cast<std::size_t>(label)].name : shortest(label);
}

void TextRows::load(const tensor::Batch& batch, std::size_t row) {
  if (batch.dense()) {
    const auto d = batch.column_count;
    x_.resize(d);
    for (std::size_t i = 0; i < d; ++i) {
      x_[i] = raw_value(schema_.columns[i], batch.x[row * d + i]);
    }
    return;
  }
  entries_.clear();
  for (auto i = batch.row_begin[row]; i < batch.row_begin[row + 1]; ++i) {
    entries_.push_back({batch.key[batch.local[i]],
                        batch.value.empty() ? 1.0F : batch.value[i]});
  }
  std::sort(entries_.begin(), entries_.end(),
            [](const Entry& a, const Entry& b) { return a.key < b.key; });
}

void TextRows::append_loaded(const std::string& label, float weight,
                             std::string& out) const {
  if (!schema_.dense()) {
    out += label;
    for (const auto& entry : entries_) {
      out += ' ';
      out += std::to_string(entry.key);
      out += ':';
      append_shortest(out, entry.value);
    }
    out += '\n';
    return;
  }
  bool first = true;
  for (const auto& cell : cells_) {
    if (!first) out += schema_.delimiter;
    first = false;
    if (cell.kind == Cell::feature) append_shortest(out, x_[cell.index]);
    if (cell.kind == Cell::label) out += csv_field(label, schema_.delimiter);
    if (cell.kind == Cell::weight) append_shortest(out, weight);
  }
  out += '\n';
}

void TextRows::append(const tensor::Batch& batch, std::size_t row,
                      std::string& out) {
  load(batch, row);
  append_loaded(label_text(batch.label[row]), batch.weight_of(row), out);
}

void TextRows::append_json(const tensor::Batch& batch, std::size_t row,
                           std::string& out) {
  load(batch, row);
  const auto text = [](std::string_view bytes) {
    return file::dump(file::Json(file::json_text(bytes)));
  };
  out += R"({"schema":"psmith-row-1","label":)";
  const auto label = label_text(batch.label[row]);
  out += schema_.label_text ? text(label) : label;
  if (weighted_) {
    out += ",\"weight\":";
    append_shortest(out, batch.weight_of(row));
  }
  out += ",\"features\":{";
  bool first = true;
  const auto name = [&](const std::string& quoted_name) {
    if (!first) out += ',';
    first = false;
    out += quoted_name + ':';
  };
  for (std::size_t i = 0; schema_.dense() && i < x_.size(); ++i) {
    name(text(schema_.columns[i].name));
    append_shortest(out, x_[i]);
  }
  for (std::size_t i = 0; !schema_.dense() && i < entries_.size(); ++i) {
    name('"' + std::to_string(entries_[i].key) + '"');
    append_shortest(out, entries_[i].value);
  }
  out += "}}\n";
}

void TextRows::append(const RawBlock& block, std::string& out) {
  const auto d = block.column_count;
  for (std::size_t row = 0; row < block.row_count; ++row) {
    entries_.clear();
    if (block.dense) {
      const auto* x = block.x.data() + row * d;
      x_.assign(x, x + d);
    } else {
      for (auto i = block.row_begin[row]; i < block.row_begin[row + 1]; ++i) {
        entries_.push_back({block.index[i], block.value[i]});
      }
    }
    const auto label = block.label_text.empty() ? shortest(block.label[row])
                                                : block.label_text[row];
    append_loaded(label, block.weight.empty() ? 1.0F : block.weight[row], out);
  }
}

}  // namespace psmith::data
