// Tables for people and JSON for programs. One thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace psmith::cli {

using Json = nlohmann::ordered_json;

// A table: columns aligned, numbers to the right, one header.
class Table {
 public:
  // A name that starts with '>' is a column of numbers.
  explicit Table(std::initializer_list<std::string_view> header);
  void row(std::vector<std::string> cells);
  std::string text() const;
  bool empty() const { return rows_.empty(); }

 private:
  std::vector<std::string> header_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

// "name  value" lines, the values aligned.
std::string pairs_text(
    const std::vector<std::pair<std::string, std::string>>& pairs);

// One JSON object and a line end; bytes that are no UTF-8 are replaced.
std::string json_line(const Json& object);

// Control characters as '?': text of a peer or a file cannot move the cursor.
std::string printable(std::string_view text);

std::string number_text(double value);         // "0.34213", at most 6 digits
std::string count_text(std::uint64_t count);   // "12,345"
std::string bytes_text(std::uint64_t bytes);   // "1.5 MiB"
std::string seconds_text(double seconds);      // "0.8 s", "3:07", "2:03:07"
std::string time_text(std::uint64_t unix_ms);  // "2024-05-01T12:00:00.123Z"

}  // namespace psmith::cli
