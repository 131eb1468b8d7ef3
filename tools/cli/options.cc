#include "options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>

#include "base/format.h"

namespace psmith::cli {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};
constexpr std::array<Unit, 7> kTimes = {{{"", 1e9},
                                         {"ms", 1e6},
                                         {"us", 1e3},
                                         {"s", 1e9},
                                         {"m", 60e9},
                                         {"h", 3600e9},
                                         {"d", 86400e9}}};
constexpr double kLongest = 3650 * 86400e9;  // ns
constexpr std::array<std::string_view, 5> kSizes = {"", "K", "M", "G", "T"};

// The number in front; `text` keeps what follows it.
bool take_number(std::string_view& text, double& value) {
  const auto [end, fault] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || !(value >= 0) || !std::isfinite(value)) {
    return false;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take_number(std::string_view text, std::uint64_t& value) {
  double real = 0;
  const auto* last = text.data() + text.size();
  const auto whole = std::from_chars(text.data(), last, value);
  if (whole.ec == std::errc() && whole.ptr == last) return true;
  if (!take_number(text, real) || !text.empty()) return false;  // 1e6
  if (real != std::floor(real) || real > 9e15) return false;
  value = static_cast<std::uint64_t>(real);
  return true;
}

// Binds `names` to a function that returns an error text, "" for none.
template <class Set>
CLI::Option* add_parsed(CLI::App& app, const std::string& names,
                        const std::string& type, const std::string& text,
                        Set set) {
  auto* option = app.add_option_function<std::string>(
      names,
      [set, names](const std::string& word) {
        const std::string fault = set(word);
        const auto name = names.substr(names.rfind(',') + 1);
        if (!fault.empty()) throw CLI::ValidationError(name, fault);
      },
      text);
  return option->type_name(type);
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const auto whole = text;
  double value = 0;
  if (take_number(text, value)) {
    for (const auto& unit : kTimes) {
      if (text == unit.name && value * unit.factor <= kLongest) {
        return Duration(static_cast<std::int64_t>(value * unit.factor));
      }
    }
  }
  return error(Code::invalid,
               "'{}' is not a duration: write 250ms, 10s, 2m, 1h or 1d", whole);
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  const auto whole = text;
  double value = 0;
  if (take_number(text, value)) {
    if (text.ends_with("iB")) text.remove_suffix(2);
    if (text.ends_with("B")) text.remove_suffix(1);
    double factor = 1;
    for (const auto& unit : kSizes) {
      if (text == unit && value * factor <= 9e15) {
        return static_cast<std::uint64_t>(value * factor);
      }
      factor *= 1024;
    }
  }
  return error(Code::invalid,
               "'{}' is not a size: write bytes, or 64K, 64M, 2G", whole);
}

std::string duration_text(Duration duration) {
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  if (ms % 1000 != 0) return format("{}ms", ms);
  return format("{}s", ms / 1000);
}

CLI::Option* add_duration(CLI::App& app, const std::string& names,
                          Duration& value, const std::string& text,
                          Duration min) {
  return add_parsed(app, names, "TIME", text,
                    [&value, min](const std::string& word) {
                      auto parsed = parse_duration(word);
                      if (!parsed) return parsed.error().message;
                      if (*parsed < min) {
                        return format("'{}' is too short: at least {}", word,
                                      duration_text(min));
                      }
                      value = *parsed;
                      return std::string();
                    })
      ->default_str(value.count() > 0 ? duration_text(value) : "");
}

CLI::Option* add_bytes(CLI::App& app, const std::string& names,
                       std::uint64_t& value, const std::string& text) {
  return add_parsed(app, names, "BYTES", text,
                    [&value](const std::string& word) {
                      auto parsed = parse_bytes(word);
                      if (!parsed) return parsed.error().message;
                      value = *parsed;
                      return std::string();
                    });
}

CLI::Option* add_choice(CLI::App& app, const std::string& names,
                        std::string& value, std::vector<std::string> words,
                        const std::string& text) {
  const auto set = [&value, words](std::size_t i) { value = words[i]; };
  return add_choice(app, names, words, text, set)->default_str(value);
}

CLI::Option* add_choice(CLI::App& app, const std::string& names,
                        std::vector<std::string> words, const std::string& text,
                        std::function<void(std::size_t)> set) {
  std::string type, list;
  for (const auto& word : words) {
    type += (type.empty() ? "" : "|") + word;
    list += (list.empty() ? "" : ", ") + word;
  }
  return add_parsed(
      app, names, type, text, [set, words, list](const std::string& word) {
        const auto at = std::ranges::find(words, word);
        if (at == words.end()) {
          return with_nearest(word, words) + " is not one of " + list;
        }
        set(static_cast<std::size_t>(at - words.begin()));
        return std::string();
      });
}

CLI::Option* add_count(CLI::App& app, const std::string& names,
                       std::uint64_t& value, std::uint64_t min,
                       std::uint64_t max, const std::string& text) {
  return add_parsed(
             app, names, "N", text,
             [&value, min, max](const std::string& word) {
               std::uint64_t number = 0;
               if (!take_number(word, number) || number < min || number > max) {
                 return format("'{}' is not a whole number from {} to {}", word,
                               min, max);
               }
               value = number;
               return std::string();
             })
      ->default_str(value > 0 ? std::to_string(value) : "");
}

CLI::Option* add_real(CLI::App& app, const std::string& names, double& value,
                      double min, double max, const std::string& text) {
  return add_parsed(app, names, "X", text,
                    [&value, min, max](const std::string& word) {
                      double number = 0;
                      std::string_view left = word;
                      if (!take_number(left, number) || !left.empty() ||
                          number < min || number > max) {
                        return format("'{}' is not a number from {} to {}",
                                      word, min, max);
                      }
                      value = number;
                      return std::string();
                    })
      ->default_str(value > 0 ? format("{}", value) : "");
}

std::string nearest(std::string_view word, std::span<const std::string> words) {
  const auto distance = [word](std::string_view other) {
    const auto width = other.size() + 1;
    std::vector<std::size_t> before(width), last(width), now(width);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= word.size(); ++i) {
      now[0] = i;
      for (std::size_t j = 1; j < width; ++j) {
        const bool same = word[i - 1] == other[j - 1];
        now[j] = std::min(
            {last[j] + 1, now[j - 1] + 1, last[j - 1] + (same ? 0U : 1U)});
        if (i > 1 && j > 1 && word[i - 1] == other[j - 2] &&
            word[i - 2] == other[j - 1]) {
          now[j] = std::min(now[j], before[j - 2] + 1);
        }
      }
      before = std::exchange(last, now);
    }
    return last.back();
  };
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto& candidate : words) {
    const auto d = candidate.starts_with(word) && word.size() >= 3
                       ? std::size_t{1}
                       : distance(candidate);
    if (d < best_distance && d < candidate.size()) {
      best = candidate;
      best_distance = d;
    }
  }
  return best;
}

std::string with_nearest(std::string_view word,
                         std::span<const std::string> words) {
  const auto close = nearest(word, words);
  return close.empty() ? format("'{}'", word)
                       : format("'{}' (did you mean '{}'?)", word, close);
}

}  // namespace psmith::cli
