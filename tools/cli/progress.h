// What a command shows while it follows a job.
//
// On a terminal: a bar, at most ten redraws a second and none in the first
// half second. In a pipe: tab-separated rows under one header, at doubling
// examples, at evaluations and at least every 30 s. With --json: JSON lines on
// stdout. --log FILE keeps the JSON lines too. One thread.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/path.h"
#include "console.h"
#include "metrics.h"
#include "report.h"
#include "wire/message.h"

namespace psmith::cli {

struct ProgressOptions {
  bool json = false;
  bool told = true;  // what happens to the job, as messages
  std::string log;   // for messages: the file that log_fd writes
  Fd log_fd;         // JSON lines; holding none: no log
  std::string name;
  model::Kind kind = model::Kind::linear;
};

class ProgressView {
 public:
  ProgressView(Console& console, ProgressOptions options, Instant start);
  ~ProgressView();
  ProgressView(const ProgressView&) = delete;
  ProgressView& operator=(const ProgressView&) = delete;

  void show(const wire::Event& event, Instant now);
  // Redraws the bar, when it is time.
  void tick(Instant now);
  // Takes the bar away.
  void clear();
  // A JSON line for --json and --log; what the job's end has to say.
  void line(const Json& object);

 private:
  void row(const wire::Progress& progress, double seconds);
  std::string bar(Instant now) const;
  double rows_per_s(Instant now) const;

  Console& console_;
  const ProgressOptions options_;
  const Instant start_;
  const bool bar_wanted_, rows_wanted_;
  std::optional<wire::Progress> last_;
  Metrics metrics_;  // of the last evaluation
  std::string waiting_;
  std::optional<Instant> first_heard_, last_row_, last_draw_;
  std::uint64_t first_rows_ = 0, first_step_ = 0;
  bool header_ = false, drawn_ = false;
};

// The file of --log, empty; "": none. Throws Failure (73).
Fd open_log(const std::string& path);

}  // namespace psmith::cli
