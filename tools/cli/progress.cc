#include "progress.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "base/format.h"
#include "event_json.h"
#include "status.h"

namespace psmith::cli {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFirstDraw = 500ms;
constexpr Duration kBetweenDraws = 100ms;
constexpr Duration kBetweenRows = 30s;
constexpr std::size_t kBarWidth = 20;

// Moments that a person who follows wants to know of.
constexpr std::array<std::string_view, 5> kTold = {
    "job_waiting", "job_paused", "job_resumed", "job_restarted",
    "leases_released"};

double seconds_of(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::size_t terminal_width() {
  struct winsize size = {};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0;
  return known && size.ws_col > 20 ? size.ws_col : 80;
}

std::string rate_text(double rows_per_s) {
  if (rows_per_s >= 1e6) return format("{:.1f}M rows/s", rows_per_s / 1e6);
  if (rows_per_s >= 1e3) return format("{:.1f}k rows/s", rows_per_s / 1e3);
  return format("{:.0f} rows/s", rows_per_s);
}

}  // namespace

Fd open_log(const std::string& path) {
  if (path.empty()) return {};
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!fd) {
    throw Failure(kCannotCreate, error(Code::invalid, "cannot create {}: {}",
                                       path, errno_text(errno)));
  }
  return fd;
}

ProgressView::ProgressView(Console& console, ProgressOptions options,
                           Instant start)
    : console_(console),
      options_(std::move(options)),
      start_(start),
      bar_wanted_(console.stderr_terminal() && !console.quiet &&
                  console.log_format == LogFormat::text),
      rows_wanted_(!console.stderr_terminal() && !console.quiet &&
                   !options_.json && console.log_format == LogFormat::text) {}

ProgressView::~ProgressView() { clear(); }

void ProgressView::clear() {
  if (drawn_) write_stderr("\r\x1b[K");
  drawn_ = false;
}

void ProgressView::line(const Json& object) {
  const auto text = json_line(object);
  if (options_.log_fd) {
    auto written =
        write_all(options_.log_fd.get(), as_bytes(text), options_.log);
    if (!written) throw Failure(kIoError, written.error());
  }
  if (options_.json) {
    console_.out.text(text);
    console_.out.flush();
  }
}

void ProgressView::show(const wire::Event& event, Instant now) {
  if (event.kind == "job_waiting" || event.kind == "job_paused") {
    waiting_ = event.text;
  } else if (event.kind == "job_started" || event.kind == "job_resumed" ||
             event.has_progress) {
    waiting_.clear();
  }
  if (options_.told && std::ranges::find(kTold, event.kind) != kTold.end()) {
    clear();
    console_.note(printable(event.kind + ": " + event.text));
  }
  const double seconds = seconds_of(now - start_);
  auto object = event_json(event, &options_.kind);
  object["seconds"] = seconds;
  line(object);
  if (!event.has_progress) return;
  const auto& progress = event.progress;
  if (!first_heard_) {
    first_heard_ = now;
    first_rows_ = progress.rows;
    first_step_ = progress.step;
  }
  last_ = progress;
  if (progress.evaluated) {
    metrics_ = metrics_of(options_.kind, progress.eval_sums, progress.eval_auc);
  }
  if (!rows_wanted_) return;
  if (progress.doubling || progress.evaluated || !last_row_ ||
      now - *last_row_ >= kBetweenRows) {
    last_row_ = now;
    row(progress, seconds);
  }
}

void ProgressView::row(const wire::Progress& progress, double seconds) {
  if (!header_) {
    write_stderr(
        "rows\tstep\tsteps\tepoch\tloss_since\tloss\teval_loss\tmetric\t"
        "value\tsent_bytes\treceived_bytes\tworkers\tseconds\n");
    header_ = true;
  }
  std::string name = "-", value = "-", loss = "-";
  if (!metrics_.empty()) {
    name = metrics_.front().first;
    value = number_text(metrics_.front().second);
    loss = number_text(metrics_.at(1).second);
  }
  write_stderr(format(
      "{}\t{}\t{}\t{}\t{:.6g}\t{:.6g}\t{}\t{}\t{}\t{}\t{}\t{}\t{:.1f}\n",
      progress.rows, progress.step, progress.step_count, progress.epoch,
      progress.loss_since, progress.loss_mean, loss, name, value,
      progress.pushed_bytes, progress.pulled_bytes, progress.workers, seconds));
}

double ProgressView::rows_per_s(Instant now) const {
  if (!last_ || !first_heard_) return 0;  // the split is no training
  const double seconds = seconds_of(now - *first_heard_);
  const auto rows = last_->rows - std::min(first_rows_, last_->rows);
  return seconds > 0 ? static_cast<double>(rows) / seconds : 0;
}

void ProgressView::tick(Instant now) {
  if (!bar_wanted_ || now - start_ < kFirstDraw) return;
  if (last_draw_ && now - *last_draw_ < kBetweenDraws) return;
  last_draw_ = now;
  write_stderr("\r" + bar(now) + "\x1b[K");
  drawn_ = true;
}

std::string ProgressView::bar(Instant now) const {
  std::string text = options_.name + " ";
  if (!last_) {
    text += waiting_.empty() ? "waits for the first step" : waiting_;
    text += " (" + seconds_text(seconds_of(now - start_)) + ")";
    return text.substr(0, terminal_width() - 1);
  }
  const auto total = std::max<std::uint64_t>(last_->step_count, 1);
  const auto done = std::min(last_->step, total);
  const auto filled = kBarWidth * done / total;
  text += "[" + std::string(filled, '#') +
          std::string(kBarWidth - filled, '.') + "] " +
          format("{}%", 100 * done / total);
  if (done > first_step_ && first_heard_) {
    const double per_step = seconds_of(now - *first_heard_) /
                            static_cast<double>(done - first_step_);
    text +=
        "  ETA " + seconds_text(per_step * static_cast<double>(total - done));
  }
  text += format("  loss {:.4g} (mean {:.4g})", last_->loss_since,
                 last_->loss_mean);
  if (!metrics_.empty()) {
    const auto& [name, value] = metrics_.front();
    text += format("  {} {:.4g}", name, value);
  }
  text += "  " + rate_text(rows_per_s(now));
  text += "  sent " + bytes_text(last_->pushed_bytes);
  text += format("  {} workers", last_->workers);
  if (!waiting_.empty()) {
    text += "  " + waiting_;
  } else if (last_->waiting_for > 0) {
    text += format("  waiting for {} of {} workers", last_->waiting_for,
                   last_->workers);
  }
  return text.substr(0, terminal_width() - 1);
}

}  // namespace psmith::cli
