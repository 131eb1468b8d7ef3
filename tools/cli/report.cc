#include "report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>

#include "base/format.h"

namespace psmith::cli {
namespace {

// Code points, near enough to columns.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) >> 6) != 2; }));
}

void append_cell(std::string& out, std::string_view cell, std::size_t width,
                 bool right, bool last) {
  const std::string pad(width - width_of(cell), ' ');
  if (right) out += pad;
  out += cell;
  if (!right && !last) out += pad;
  if (!last) out += "  ";
}

}  // namespace

Table::Table(std::initializer_list<std::string_view> header) {
  for (auto name : header) {
    right_.push_back(name.starts_with('>'));
    if (right_.back()) name.remove_prefix(1);
    header_.emplace_back(name);
  }
}

void Table::row(std::vector<std::string> cells) {
  cells.resize(header_.size());
  for (auto& cell : cells) cell = printable(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<std::size_t> width;
  for (std::size_t c = 0; c < header_.size(); ++c) {
    width.push_back(width_of(header_[c]));
    for (const auto& row : rows_) {
      width[c] = std::max(width[c], width_of(row[c]));
    }
  }
  std::string out;
  const auto append = [&](const std::vector<std::string>& cells) {
    for (std::size_t c = 0; c < cells.size(); ++c) {
      append_cell(out, cells[c], width[c], right_[c], c + 1 == cells.size());
    }
    const auto end = out.find_last_not_of(' ');
    out.resize(end + 1);
    out += '\n';
  };
  append(header_);
  for (const auto& row : rows_) append(row);
  return out;
}

std::string pairs_text(
    const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::size_t width = 0;
  for (const auto& pair : pairs) width = std::max(width, pair.first.size());
  std::string out;
  for (const auto& [name, value] : pairs) {
    out += format("{:<{}}  {}\n", name, width, printable(value));
  }
  return out;
}

std::string json_line(const Json& object) {
  return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string printable(std::string_view text) {
  std::string out(text);
  for (auto& c : out) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x20 || u == 0x7f) c = '?';
  }
  return out;
}

std::string number_text(double value) { return format("{:.6g}", value); }

std::string count_text(std::uint64_t count) {
  const auto digits = std::to_string(count);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string bytes_text(std::uint64_t bytes) {
  static constexpr std::array<const char*, 6> kUnits = {"B",   "KiB", "MiB",
                                                        "GiB", "TiB", "PiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? format("{} B", bytes)
                   : format("{:.1f} {}", value, kUnits[unit]);
}

std::string seconds_text(double seconds) {
  if (seconds < 60) return format("{:.1f} s", seconds);
  const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
  const auto hours = whole / 3600, minutes = whole / 60 % 60;
  return hours == 0 ? format("{}:{:02}", minutes, whole % 60)
                    : format("{}:{:02}:{:02}", hours, minutes, whole % 60);
}

std::string time_text(std::uint64_t unix_ms) {
  const auto whole = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  ::gmtime_r(&whole, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  return format("{}.{:03}Z", text.data(), unix_ms % 1000);
}

}  // namespace psmith::cli
