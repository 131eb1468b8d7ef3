// psctl export and import; see psctl_models.h.
#include "base/digest.h"
#include "base/format.h"
#include "base/path.h"
#include "client/params_client.h"
#include "live_model.h"
#include "psctl_models.h"
#include "report.h"
#include "session.h"

namespace psmith::cli {
namespace {

using namespace std::chrono_literals;

struct ExportOptions {
  std::string model, output;
  MasterFlags master;
  bool json = false;
};

struct ImportOptions {
  std::string file, name;
  Duration timeout = 60s;
  MasterFlags master;
  bool json = false;
};

void print_transfer(const wire::JobInfo& info, const std::string& sha256,
                    bool json, Console& console) {
  console.out.text(json ? json_line({{"schema", "psmith-transfer-1"},
                                     {"job", info.job.value()},
                                     {"name", info.name},
                                     {"sha256", sha256}})
                        : format("job\t{}\tname\t{}\tsha256\t{}\n",
                                 info.job.value(), printable(info.name),
                                 sha256));
}

int run_export(ExportOptions options, Console& console) {
  if (!console.on_command_line("json")) {
    options.json = options.json && options.output != "-";
  }
  if (options.output == "-" && options.json) {
    throw Failure(kUsage,
                  {Code::invalid, "-o - and --json both write to stdout"});
  }
  Session session(options.master, console);
  const auto info = find_live(session.master(), options.model);
  const auto live =
      fetch_model(session.context(), info, session.interrupt().fd());
  if (options.output == "-") {
    console.out.binary(live.bytes.bytes());
    return kDone;
  }
  auto file = AtomicFile::create(options.output);
  if (!file) throw Failure(kCannotCreate, file.error());
  auto written = file->write(live.bytes.bytes());
  if (written) written = file->commit();
  if (!written) throw Failure(kIoError, written.error());
  print_transfer(info, sha256(live.bytes.bytes()), options.json, console);
  return kDone;
}

std::string default_name(const std::string& file) {
  if (file == "-") return "stdin";
  return std::filesystem::path(file).stem().string();
}

// Waits until the job is in that state.
wire::JobInfo wait_for(Session& session, JobId job, wire::JobState wanted,
                       Duration timeout) {
  const auto until = SteadyClock().now() + timeout;
  while (true) {
    auto info = must(session.master().job(job));
    if (info.state == wanted) return info;
    if (info.state >= wire::JobState::done) {
      throw Failure(info.status == 0 ? kFailed : static_cast<int>(info.status),
                    error(Code::unavailable, "import {}: {}",
                          state_name(info.state), printable(info.reason)));
    }
    if (SteadyClock().now() > until) {
      throw Failure(kTimedOut,
                    error(Code::timed_out, "import is {} after {}",
                          state_name(info.state), duration_text(timeout)));
    }
    must(session.master().next_events(100ms));
  }
}

// Throws Failure.
wire::JobInfo import_weights(Session& session, JobId job,
                             const data::SavedModel& model, Duration timeout) {
  auto started = session.master().follow(0, job);
  if (!started) throw Failure(kUnavailable, started.error());
  const auto info = wait_for(session, job, wire::JobState::running, timeout);
  const client::Weights weights{
      .dense = model.dense, .key = model.key, .table = model.table};
  auto put = client::put_weights(session.context(), info, weights,
                                 {.wake_fd = session.interrupt().fd()});
  if (!put) {
    const int status = client::status_of(put.error());
    throw Failure(status, put.error());
  }
  return wait_for(session, job, wire::JobState::done, timeout);
}

int run_import(const ImportOptions& options, Console& console) {
  const auto [model, bytes] = open_model(options.file);
  Session session(options.master, console);
  wire::JobSpec spec;
  spec.kind = "import";
  spec.name = options.name.empty() ? default_name(options.file) : options.name;
  spec.model = model.settings;
  spec.model_header = data::header_json(model);
  const auto job = must(session.master().submit(std::move(spec)));
  wire::JobInfo done;
  try {
    done = import_weights(session, job, model, options.timeout);
  } catch (const Failure&) {  // nobody else would bring its weights
    session.interrupt().acknowledge();
    (void)session.master().cancel(job).ok();
    throw;
  }
  print_transfer(done, sha256(bytes.bytes()), options.json, console);
  return kDone;
}

}  // namespace

void add_export(Program& program) {
  auto options = std::make_shared<ExportOptions>();
  auto& app = program.command(
      "export", "writes a live model to a file",
      [options](Console& c) { return run_export(*options, c); });
  app.add_option("MODEL", options->model, "@NAME, a name, or a job's number")
      ->type_name("LIVE_MODEL")
      ->required();
  app.add_option("-o,--output", options->output, "the model file (- is stdout)")
      ->type_name("FILE")
      ->required();
  declare(app, options->master);
  app.add_flag("--json", options->json, "one JSON object");
}

void add_import(Program& program) {
  auto options = std::make_shared<ImportOptions>();
  auto& app = program.command(
      "import", "puts a model file on the servers",
      [options](Console& c) { return run_import(*options, c); });
  app.add_option("FILE", options->file, "the model file (- is stdin)")
      ->type_name("FILE")
      ->required();
  app.add_option("--name", options->name, "name of the live model (the file's)")
      ->type_name("NAME");
  add_duration(app, "--timeout", options->timeout, "give up (status 124)");
  declare(app, options->master);
  app.add_flag("--json", options->json, "one JSON object");
}

}  // namespace psmith::cli
