// Helpers for declare(): options of the kinds that CLI11 does not know, and
// the nearest word to a misspelt one. Bad values throw CLI::ValidationError,
// whose text run() completes with the source of the value. One thread.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace psmith::cli {

// "250ms", "10s", "2m", "1h", "1d"; a bare number is seconds. 0 would mean
// "never" to some and "at once" to others, so most options have no 0.
inline constexpr Duration kDurationMin = std::chrono::milliseconds(1);
CLI::Option* add_duration(CLI::App& app, const std::string& names,
                          Duration& value, const std::string& text,
                          Duration min = kDurationMin);

// Bytes: "4096", "64K", "64M", "2G", with or without a final "B" or "iB";
// powers of 1024.
CLI::Option* add_bytes(CLI::App& app, const std::string& names,
                       std::uint64_t& value, const std::string& text);

// One of `words`; another gets the nearest one named. The words are the type
// that --help shows, and what completion offers.
CLI::Option* add_choice(CLI::App& app, const std::string& names,
                        std::string& value, std::vector<std::string> words,
                        const std::string& text);
// The same with a function that is given the word's index.
CLI::Option* add_choice(CLI::App& app, const std::string& names,
                        std::vector<std::string> words, const std::string& text,
                        std::function<void(std::size_t)> set);

// Numbers with the limits stated in the message: "must be 1 to 65535".
CLI::Option* add_count(CLI::App& app, const std::string& names,
                       std::uint64_t& value, std::uint64_t min,
                       std::uint64_t max, const std::string& text);
CLI::Option* add_real(CLI::App& app, const std::string& names, double& value,
                      double min, double max, const std::string& text);

Result<Duration> parse_duration(std::string_view text);
Result<std::uint64_t> parse_bytes(std::string_view text);
std::string duration_text(Duration duration);

// The closest of `words` by Damerau-Levenshtein distance (optimal string
// alignment), or "" when none is close.
std::string nearest(std::string_view word, std::span<const std::string> words);

// "'fro' (did you mean 'foo'?)" or just "'fro'".
std::string with_nearest(std::string_view word,
                         std::span<const std::string> words);

}  // namespace psmith::cli
