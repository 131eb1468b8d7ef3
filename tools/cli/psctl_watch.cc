// psctl events, wait and cancel; see psctl_jobs.h.
#include "base/format.h"
#include "event_json.h"
#include "psctl_jobs.h"

namespace psmith::cli {
namespace {

using namespace std::chrono_literals;

constexpr Duration kWatchTurn = 500ms;
constexpr auto kActive = client::MasterClient::Which::active;
constexpr Duration kForever = std::chrono::hours(24 * 3650);

struct EventsOptions {
  MasterFlags master;
  std::string job;
  bool follow = false;
  Duration reconnect = kReconnect;
  std::uint64_t after = 0;
  bool json = false;
};

struct WaitOptions {
  MasterFlags master;
  std::string job;
  Duration timeout{};
  Duration reconnect = kReconnect;
  bool json = false;
};

struct CancelOptions {
  MasterFlags master;
  std::string job;
  bool json = false;
};

std::string event_text(const wire::Event& event) {
  return format("{}\t{}\t{}\t{}\t{}\t{}\n", event.seq, time_text(event.time_ms),
                event.job ? std::to_string(event.job.value()) : "-",
                event.node ? std::to_string(event.node.value()) : "-",
                printable(event.kind), printable(event.text));
}

void print_events(const std::vector<wire::Event>& events, bool json,
                  Console& console) {
  for (const auto& event : events) {
    console.out.text(json ? json_line(event_json(event)) : event_text(event));
  }
  console.out.flush();
}

int run_events(const EventsOptions& options, Console& console) {
  Session session(options.master, console,
                  options.follow ? options.reconnect : Duration::zero());
  auto& master = session.master();
  const JobId job = options.job.empty()
                        ? JobId()
                        : find_job(master, options.job, kActive).job;
  if (!options.json) console.out.text("seq\ttime\tjob\tnode\tevent\ttext\n");
  if (!options.follow) {
    print_events(must(master.events(options.after, job)), options.json,
                 console);
    return kDone;
  }
  auto started = master.follow(options.after, job);
  if (!started) throw Failure(kUnavailable, started.error());
  SilenceTeller silence(options.reconnect, console);
  while (!session.interrupt().requested()) {
    auto events = master.next_events(kWatchTurn);
    if (!events && session.interrupt().requested()) break;
    silence.tell(master);
    print_events(must(std::move(events)), options.json, console);
  }
  return kDone;
}

// How a job ended, as a line and a status.
int report_end(const wire::JobInfo& job, bool json, Console& console) {
  if (json) {
    auto object = job_json(job);
    object["schema"] = "psmith-job-1";
    console.out.text(json_line(object));
  } else {
    console.out.text(format("job\t{}\tname\t{}\tstate\t{}\n", job.job.value(),
                            printable(job.name), state_name(job.state)));
  }
  if (job.state == wire::JobState::done) return kDone;
  if (!job.reason.empty()) {
    console.warn(format("job {} {}: {}", job.job.value(), state_name(job.state),
                        printable(job.reason)));
  }
  return job.status == 0 ? kFailed : static_cast<int>(job.status);
}

int run_wait(const WaitOptions& options, Console& console) {
  Session session(options.master, console, options.reconnect);
  auto& master = session.master();
  auto info = find_job(master, options.job, kActive);
  const auto limit = options.timeout.count() > 0 ? options.timeout : kForever;
  const auto until = SteadyClock().now() + limit;
  auto started = master.follow(0, info.job);
  if (!started) throw Failure(kUnavailable, started.error());
  SilenceTeller silence(options.reconnect, console);
  while (info.state < wire::JobState::done) {
    const auto left = until - SteadyClock().now();
    if (left <= Duration::zero()) {
      throw Failure(kTimedOut, error(Code::timed_out, "job {} is {} after {}",
                                     info.job.value(), state_name(info.state),
                                     duration_text(options.timeout)));
    }
    const auto events =
        must(master.next_events(std::min<Duration>(left, kWatchTurn)));
    silence.tell(master);
    if (!events.empty()) info = must(master.job(info.job));
  }
  return report_end(info, options.json, console);
}

int run_cancel(const CancelOptions& options, Console& console) {
  Session session(options.master, console);
  auto& master = session.master();
  const auto job = find_job(master, options.job, kActive).job;
  auto cancelled = master.cancel(job);
  if (!cancelled) {
    const auto& error = cancelled.error();
    throw Failure(
        error.code == Code::invalid ? kFailed : client::status_of(error),
        error);
  }
  const auto info = must(master.job(job));
  if (options.json) {
    auto object = job_json(info);
    object["schema"] = "psmith-job-1";
    console.out.text(json_line(object));
  } else {
    console.out.text(format("job\t{}\tname\t{}\tstate\t{}\n", job.value(),
                            printable(info.name), state_name(info.state)));
  }
  return kDone;
}

}  // namespace

void add_events(Program& program) {
  auto options = std::make_shared<EventsOptions>();
  auto& app = program.command(
      "events", "prints the event log",
      [options](Console& c) { return run_events(*options, c); });
  app.add_option("JOB", options->job, "only this job (number or name)")
      ->type_name("JOB");
  app.add_flag("-f,--follow", options->follow, "go on as events come");
  add_count(app, "--after", options->after, 0, ~std::uint64_t{0} >> 1,
            "only events with a higher number");
  declare(app, options->master);
  declare_reconnect(app, options->reconnect);
  app.add_flag("--json", options->json, "one JSON object a line");
}

void add_wait(Program& program) {
  auto options = std::make_shared<WaitOptions>();
  auto& app =
      program.command("wait", "waits until a job is over",
                      [options](Console& c) { return run_wait(*options, c); });
  app.add_option("JOB", options->job, "number or name")
      ->type_name("JOB")
      ->required();
  add_duration(app, "--timeout", options->timeout,
               "give up after this time, with status 124");
  declare(app, options->master);
  declare_reconnect(app, options->reconnect);
  app.add_flag("--json", options->json, "one JSON object");
}

void add_cancel(Program& program) {
  auto options = std::make_shared<CancelOptions>();
  auto& app = program.command("cancel", "stops a job", [options](Console& c) {
    return run_cancel(*options, c);
  });
  app.add_option("JOB", options->job, "number or name")
      ->type_name("ACTIVE_JOB")
      ->required();
  declare(app, options->master);
  app.add_flag("--json", options->json, "one JSON object");
}

}  // namespace psmith::cli
