// What a command prints with: results on stdout, all else on stderr.
//
// Output buffers stdout and notices every failed write: a full device ends the
// command with 74, a reader that went away ends it quietly. Binary is not
// written to a terminal. Console carries the options that every program has.
// One thread.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace psmith::cli {

class Output {
 public:
  explicit Output(int descriptor) : descriptor_(descriptor) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void text(std::string_view text);
  // Throws Failure(usage) when stdout is a terminal.
  void binary(ByteView bytes);
  // Throws Failure(74), or Failure(kPipeClosed) when the reader is gone.
  void flush();
  // Forgets what flush() could not write.
  void drop() { buffer_.clear(); }
  bool terminal() const;

 private:
  int descriptor_;
  std::string buffer_;
};

// As it is; a failure is silent, for there is nowhere left to complain.
void write_stderr(std::string_view text);

enum class Color { automatic, always, never };
enum class LogFormat { text, json };

class Console {
 public:
  Console(std::string program, Output& out)
      : program(std::move(program)), out(out) {}

  // One line for people on stderr: "psctl: ..."; not with --quiet.
  void note(std::string_view text) const { say("info", text, !quiet); }
  // The same, only with -v.
  void detail(std::string_view text) const {
    say("debug", text, verbose > 0 && !quiet);
  }
  // Always printed.
  void warn(std::string_view text) const { say("warning", text, true); }
  // What ended the command: at most three lines, "hint: ..." among them.
  void error(std::string_view text) const { say("error", text, true); }

  // Progress and colours go to a terminal only.
  bool stderr_terminal() const;
  bool colored() const;

  // Where an option's value comes from: "option --master", "variable
  // PSMITH_MASTER", "config.toml:3", or "" for its
  // default. name: the long option without dashes.
  std::string_view origin(std::string_view name) const;
  // Whether this run asks for it. A value from outside is meant for many runs:
  // it gives way to the command line, and is unused where it has no meaning.
  bool on_command_line(std::string_view name) const {
    return origin(name).starts_with("option ");
  }

  std::string program;
  Output& out;
  bool json = false;  // set by an action whose command has --json
  bool quiet = false;
  int verbose = 0;
  Color color = Color::automatic;
  LogFormat log_format = LogFormat::text;
  std::map<std::string, std::string, std::less<>> origins;

 private:
  void say(std::string_view level, std::string_view text, bool wanted) const;
};

}  // namespace psmith::cli
