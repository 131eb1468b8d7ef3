#include "console.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/format.h"
#include "status.h"

namespace psmith::cli {
namespace {

constexpr std::size_t kBufferSize = std::size_t{1} << 16;
constexpr int kErrorLineMax = 3;

// "a\nhint: b\nc\nd" -> the first three lines.
std::string_view first_lines(std::string_view text) {
  std::size_t at = 0;
  for (int line = 0; line < kErrorLineMax; ++line) {
    at = text.find('\n', at);
    if (at == std::string_view::npos) return text;
    ++at;
  }
  return text.substr(0, at - 1);
}

}  // namespace

void write_stderr(std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(STDERR_FILENO, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // nowhere left to complain
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

void Output::text(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= kBufferSize) flush();
}

void Output::binary(ByteView bytes) {
  if (terminal()) {
    throw Failure(kUsage,
                  error(Code::invalid,
                        "binary output is not written to a terminal\n"
                        "hint: redirect it, or name a file with -o FILE"));
  }
  flush();
  buffer_.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  flush();
}

void Output::flush() {
  std::string_view left = buffer_;
  while (!left.empty()) {
    const auto n = ::write(descriptor_, left.data(), left.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int cause = errno;
      drop();
      if (cause == EPIPE) throw Failure(kPipeClosed, {Code::unavailable, ""});
      throw Failure(kIoError, psmith::error(Code::exhausted,
                                            "cannot write standard output: {}",
                                            std::strerror(cause)));
    }
    left.remove_prefix(static_cast<std::size_t>(n));
  }
  buffer_.clear();
}

bool Output::terminal() const { return ::isatty(descriptor_) == 1; }

bool Console::stderr_terminal() const { return ::isatty(STDERR_FILENO) == 1; }

bool Console::colored() const {
  if (color != Color::automatic) return color == Color::always;
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool dumb = term != nullptr && std::string_view(term) == "dumb";
  return stderr_terminal() && !dumb &&
         (no_color == nullptr || *no_color == '\0');
}

std::string_view Console::origin(std::string_view name) const {
  const auto found = origins.find(name);
  return found == origins.end() ? std::string_view() : found->second;
}

void Console::say(std::string_view level, std::string_view text,
                  bool wanted) const {
  if (!wanted || text.empty()) return;
  text = first_lines(text);
  if (log_format == LogFormat::json) {
    const nlohmann::ordered_json line = {{"schema", "psmith-log-1"},
                                         {"time_ms", unix_ms()},
                                         {"level", level},
                                         {"program", program},
                                         {"message", text}};
    using Json = nlohmann::ordered_json;
    write_stderr(line.dump(-1, ' ', false, Json::error_handler_t::replace) +
                 "\n");
    return;
  }
  const bool red = level == "error" && colored();
  write_stderr(format("{}: {}{}{}\n", program, red ? "\x1b[31m" : "", text,
                      red ? "\x1b[0m" : ""));
}

}  // namespace psmith::cli
