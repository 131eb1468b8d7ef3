#include "base/log.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/path.h"
#include "base/utf8.h"

namespace psmith {
namespace {

constexpr std::array<std::string_view, 4> kLevels{"debug", "info", "warn",
                                                  "error"};

// UTC, RFC 3339 with milliseconds.
std::string now_text() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm utc{};
  ::gmtime_r(&now.tv_sec, &utc);
  return format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
                utc.tm_min, utc.tm_sec, now.tv_nsec / 1000000);
}

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte != 0x7f && c != '"' && c != '\\' && c != '=';
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\r':
      out += "\\r";
      return;
    default:
      out += format("\\u{:04x}", static_cast<unsigned char>(c));
  }
}

// A value of plain characters stands as it is; any other is quoted as in JSON.
std::string text_value(std::string_view text) {
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_plain)) {
    return std::string(text);
  }
  return json_quoted(text);
}

}  // namespace

std::string_view name_of(LogLevel level) {
  return kLevels[static_cast<std::size_t>(level)];
}

std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const auto n = utf8_length(text);
    const auto byte = static_cast<unsigned char>(text[0]);
    if (n == 0) {
      out += "\xef\xbf\xbd";
    } else if (byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7f) {
      append_escaped(out, text[0]);
    } else {
      out += text.substr(0, n);
    }
    text.remove_prefix(std::max<std::size_t>(n, 1));
  }
  return out += '"';
}

std::string log_line(const LogSettings& settings, std::string_view time,
                     LogLevel level, std::string_view event,
                     Log::Fields fields) {
  const std::string node = settings.node.empty() ? "-" : settings.node;
  std::string line;
  if (settings.format == LogFormat::text) {
    line = format("{} {} {} {}", time, name_of(level), text_value(node), event);
    for (const auto& field : fields) {
      line += format(" {}={}", field.name, text_value(field.value));
    }
    return line += '\n';
  }
  line = format(R"({{"time":{},"level":"{}","node":{},"event":{})",
                json_quoted(time), name_of(level), json_quoted(node),
                json_quoted(event));
  for (const auto& field : fields) {
    line += format(",{}:{}", json_quoted(field.name),
                   field.bare ? field.value : json_quoted(field.value));
  }
  return line += "}\n";
}

Log::Log(LogSettings settings)
    : settings_(std::make_shared<const LogSettings>(std::move(settings))) {}

bool Log::writes(LogLevel level) const {
  return settings_ && level >= settings_->level;
}

void Log::write(LogLevel level, std::string_view event, Fields fields) const {
  if (!writes(level)) return;
  const auto line = log_line(*settings_, now_text(), level, event, fields);
  [[maybe_unused]] const auto done =
      write_all(settings_->fd, as_bytes(line), "the log");
}

void Log::debug(std::string_view event, Fields fields) const {
  write(LogLevel::debug, event, fields);
}
void Log::info(std::string_view event, Fields fields) const {
  write(LogLevel::info, event, fields);
}
void Log::warn(std::string_view event, Fields fields) const {
  write(LogLevel::warn, event, fields);
}
void Log::error(std::string_view event, Fields fields) const {
  write(LogLevel::error, event, fields);
}

}  // namespace psmith
