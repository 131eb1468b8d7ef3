#include "data/guess.h"

#include <algorithm>
#include <array>

#include "data/number.h"
#include "data/record.h"

namespace psmith::data {
namespace {

constexpr std::size_t kLines = 16;

enum class Comments : std::uint8_t { skipped, counted };

// The first lines that are not blank. The last line of the sample may be cut;
// it counts only when it is the only one.
std::vector<std::string_view> first_lines(std::string_view sample,
                                          Comments comments) {
  std::vector<std::string_view> lines;
  while (!sample.empty() && lines.size() < kLines) {
    const auto newline = sample.find('\n');
    const bool cut = newline == std::string_view::npos;
    const auto line = trimmed(without_line_end(sample.substr(0, newline)));
    sample.remove_prefix(cut ? sample.size() : newline + 1);
    if (line.empty()) continue;
    if (line.front() == '#' && comments == Comments::skipped) continue;
    if (!cut || lines.empty()) lines.push_back(line);
  }
  return lines;
}

bool like_libsvm(std::string_view line) {
  line = trimmed(line.substr(0, line.find('#')));
  if (line.find_first_of(",;|") != std::string_view::npos) return false;
  const auto end_of_word = [](std::string_view text) {
    return std::min(text.find_first_of(" \t"), text.size());
  };
  const auto first = line.substr(0, end_of_word(line));
  const auto rest = trimmed(line.substr(first.size()));
  const auto second = rest.substr(0, end_of_word(rest));
  const auto has_colon = [](std::string_view word) {
    const auto colon = word.find(':');
    return colon != std::string_view::npos && colon > 0;
  };
  const auto indexed = [&](std::string_view word) {
    const auto digits =
        word.substr(word.starts_with('-') || word.starts_with('+') ? 1 : 0);
    return has_colon(word) && !digits.empty() && digits.front() >= '0' &&
           digits.front() <= '9';
  };
  const auto fault = parse_whole(first).fault;
  if (fault != NumberFault::text) return has_colon(second);
  return indexed(second) || (indexed(first) && second.empty());
}

// Fields of the line if `delimiter` cuts it; quotes are respected.
std::size_t count_fields(std::string_view line, char delimiter) {
  std::size_t count = 1;
  bool inside = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') inside = !inside;
    if (inside) continue;
    const bool blank_run = delimiter == ' ' && i > 0 && is_blank(line[i - 1]);
    if ((line[i] == delimiter || (delimiter == ' ' && line[i] == '\t')) &&
        !blank_run) {
      ++count;
    }
  }
  return count;
}

constexpr std::array<char, 5> kDelimiters = {',', '\t', ';', '|', ' '};

}  // namespace

std::optional<Format> guess_format(std::string_view sample) {
  const auto lines = first_lines(sample, Comments::skipped);
  if (std::any_of(lines.begin(), lines.end(), like_libsvm)) {
    return Format::libsvm;
  }
  for (const auto line : lines) {
    for (const char delimiter : kDelimiters) {
      if (count_fields(line, delimiter) > 1) return Format::csv;
    }
  }
  return std::nullopt;
}

char guess_delimiter(std::string_view sample) {
  const auto lines = first_lines(sample, Comments::counted);
  if (lines.empty()) return ',';
  char best = 0;
  std::size_t most = 1;
  for (const char delimiter : kDelimiters) {
    if (delimiter == ' ' && best != 0) break;
    const auto count = count_fields(lines.front(), delimiter);
    const bool same =
        std::all_of(lines.begin(), lines.end(), [&](std::string_view line) {
          return count_fields(line, delimiter) == count;
        });
    if (same && count > most) {
      best = delimiter;
      most = count;
    }
  }
  if (best != 0) return best;
  for (const char delimiter : kDelimiters) {  // no two lines agree
    if (count_fields(lines.front(), delimiter) > 1) return delimiter;
  }
  return ',';
}

bool guess_header(const std::vector<std::string>& first) {
  return std::none_of(first.begin(), first.end(), [](const auto& field) {
    return parse_whole(field).fault != NumberFault::text;
  });
}

std::string delimiter_name(char delimiter) {
  if (delimiter == '\t') return "TAB";
  if (delimiter == ' ') return "blank";
  return in_quotes({&delimiter, 1});
}

}  // namespace psmith::data
