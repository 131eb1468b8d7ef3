// Log: one line per event for people: time, level, node, event, key=value...
//
//   2026-03-01T12:00:00.123Z info server-1 job_started job=3 lanes=2
//   {"time":"2026-03-01T12:00:00.123Z","level":"info","node":"server-1",
//    "event":"job_started","job":3,"lanes":2}
//
// A Log is a cheap value that shares its sink; a default one drops everything.
// Each line is one write(2), so lines of threads and processes do not mix. A
// line that cannot be written is dropped. Any thread.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "base/format.h"
#include "base/result.h"

namespace psmith {

enum class LogLevel : std::uint8_t { debug = 0, info = 1, warn = 2, error = 3 };
enum class LogFormat : std::uint8_t { text = 0, json = 1 };

std::string_view name_of(LogLevel level);

struct LogSettings {
  LogLevel level = LogLevel::info;  // the lowest that is written
  LogFormat format = LogFormat::text;
  std::string node = {};  // "" writes "-"
  int fd = 2;             // borrowed; stays open longer than the Log
};

// One key=value. bare: a number or a truth, which JSON does not quote.
struct LogField {
  LogField(std::string_view name, std::string_view value)
      : name(name), value(value) {}
  LogField(std::string_view name, const char* value)
      : name(name), value(value) {}
  LogField(std::string_view name, bool value)
      : name(name), value(value ? "true" : "false"), bare(true) {}
  template <class T>
  requires std::integral<T> LogField(std::string_view name, T value)
      : name(name), value(format("{}", value)), bare(true) {}
  LogField(std::string_view name, double value)
      : name(name), value(format("{}", value)), bare(std::isfinite(value)) {}

  std::string_view name;
  std::string value;
  bool bare = false;
};

class Log {
 public:
  using Fields = std::initializer_list<LogField>;

  Log() = default;
  explicit Log(LogSettings settings);

  bool writes(LogLevel level) const;
  void write(LogLevel level, std::string_view event, Fields fields = {}) const;

  void debug(std::string_view event, Fields fields = {}) const;
  void info(std::string_view event, Fields fields = {}) const;
  void warn(std::string_view event, Fields fields = {}) const;
  void error(std::string_view event, Fields fields = {}) const;

 private:
  std::shared_ptr<const LogSettings> settings_;
};

// A line without its time, as Log writes it: for tests, and for other streams.
std::string log_line(const LogSettings& settings, std::string_view time,
                     LogLevel level, std::string_view event,
                     Log::Fields fields);

// text as a JSON string with its quotes. Bytes that are not UTF-8 become
// U+FFFD.
std::string json_quoted(std::string_view text);

}  // namespace psmith
