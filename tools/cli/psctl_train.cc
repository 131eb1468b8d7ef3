#include "psctl_train.h"

#include <optional>

#include "base/digest.h"
#include "base/format.h"
#include "base/path.h"
#include "data/defaults.h"
#include "live_model.h"
#include "progress.h"
#include "report.h"
#include "session.h"
#include "train_options.h"

namespace psmith::cli {
namespace {

using namespace std::chrono_literals;

constexpr Duration kTrainTurn = 100ms;

Instant steady_now() { return SteadyClock().now(); }

// Follows one job to its end.
class Follower {
 public:
  Follower(Cluster& cluster, Interrupt& interrupt, JobId job,
           ProgressView& view, const TrainOptions& options, Console& console)
      : cluster_(cluster),
        interrupt_(interrupt),
        job_(job),
        view_(view),
        timeout_(options.timeout),
        silence_(options.cluster.reconnect, console),
        start_(steady_now()) {}

  wire::JobInfo run() {
    auto started = cluster_.master().follow(0, job_);
    if (!started) throw Failure(kUnavailable, started.error());
    while (!over_) turn();
    view_.clear();
    return must(cluster_.master().job(job_));
  }

 private:
  void turn() {
    auto events = cluster_.master().next_events(kTrainTurn);
    const auto now = steady_now();
    if (interrupt_.requested()) stop(kFailed, "interrupted");
    if (timeout_.count() > 0 && now - start_ > timeout_) {
      stop(kTimedOut, "not done after " + duration_text(timeout_));
    }
    if (const auto fault = cluster_.fault(); !fault.empty()) {
      view_.clear();
      throw Failure(kFailed, {Code::unavailable, fault});
    }
    if (!events || silence_.has_news(cluster_.master())) view_.clear();
    silence_.tell(cluster_.master());
    for (const auto& event : must(std::move(events))) {
      view_.show(event, now);
      over_ = over_ || event.kind == "job_done" || event.kind == "job_failed" ||
              event.kind == "job_cancelled";
    }
    view_.tick(now);
  }

  [[noreturn]] void stop(int status, const std::string& why) {
    view_.clear();
    interrupt_.acknowledge();
    auto& master = cluster_.master();
    const bool cancelled = !master.silent() && master.cancel(job_).ok();
    throw Failure(
        status, error(Code::timed_out, "{}; job {} {}", why, job_.value(),
                      cancelled ? "was cancelled" : "could not be cancelled"));
  }

  Cluster& cluster_;
  Interrupt& interrupt_;
  const JobId job_;
  ProgressView& view_;
  const Duration timeout_;
  SilenceTeller silence_;
  const Instant start_;
  bool over_ = false;
};

bool same_file(const std::string& a, const std::string& b) {
  std::error_code fault;  // either is missing: they differ, or by name not
  return std::filesystem::equivalent(a, b, fault) || (!a.empty() && a == b);
}

// What is written must not be what is read.
void check_outputs(const TrainOptions& options) {
  auto inputs = options.data;
  inputs.push_back(options.eval);
  inputs.push_back(options.split.like);
  const std::string outputs[] = {options.output, options.log};
  for (const auto& output : outputs) {
    if (output.empty() || output == "-") continue;
    for (const auto& input : inputs) {
      const auto folder = folder_of(output).string();
      if (input.empty() || input == "-" ||
          (!same_file(output, input) && !same_file(folder, input))) {
        continue;
      }
      throw Failure(
          kCannotCreate,
          error(Code::conflict, "cannot write {}: it {} the input {}", output,
                same_file(output, input) ? "is" : "is within", input));
    }
  }
  std::error_code ignored;
  const auto kind = std::filesystem::status(options.output, ignored).type();
  const bool device = kind == std::filesystem::file_type::character ||
                      kind == std::filesystem::file_type::fifo;
  if (!device && same_file(options.output, options.log)) {
    throw Failure(kUsage, {Code::invalid, "-o and --log name the same file"});
  }
}

AtomicFile create_output(const std::string& path) {
  auto file = AtomicFile::create(path);
  if (!file) throw Failure(kCannotCreate, file.error());
  return std::move(*file);
}

// Where the model goes. What cannot be written fails before the work. A file
// is made again when the model is there, so that a killed command leaves no
// temporary; a device or a pipe is opened once.
class ModelOutput {
 public:
  explicit ModelOutput(std::string path) : path_(std::move(path)) {
    if (path_.empty() || path_ == "-") return;
    std::error_code ignored;
    auto file = create_output(path_);
    const auto status = std::filesystem::status(path_, ignored);
    const bool special = std::filesystem::exists(status) &&
                         !std::filesystem::is_regular_file(status);
    if (special) file_.emplace(std::move(file));
  }

  void write(std::span<const std::byte> bytes, Console& console) {
    if (path_.empty()) return;
    if (path_ == "-") return console.out.binary(bytes);
    if (!file_) file_.emplace(create_output(path_));
    auto written = file_->write(bytes);
    if (written) written = file_->commit();
    if (!written) throw Failure(kIoError, written.error());
  }

 private:
  const std::string path_;
  std::optional<AtomicFile> file_;
};

struct Outcome {
  std::string sha256, metric;
  double value = 0, seconds = 0;
};

Json result_json(const wire::JobInfo& info, const Outcome& outcome,
                 const data::SavedModel& model) {
  Json out = {{"schema", "psmith-result-1"}, {"job", info.job.value()},
              {"name", info.name},           {"sha256", outcome.sha256},
              {"metric", outcome.metric},    {"value", outcome.value},
              {"seconds", outcome.seconds}};
  for (const auto& [name, value] : model.facts) out["facts"][name] = value;
  return out;
}

std::string result_line(const wire::JobInfo& info, const Outcome& outcome) {
  return format(
      "job\t{}\tname\t{}\tsha256\t{}\tmetric\t{}\tvalue\t{}\tseconds\t{:.3f}\n",
      info.job.value(), printable(info.name), outcome.sha256, outcome.metric,
      number_text(outcome.value), outcome.seconds);
}

Outcome outcome_of(const wire::JobInfo& info, const LoadedModel& live,
                   double seconds) {
  Outcome out{.sha256 = sha256(live.bytes.bytes()),
              .metric = "train_loss",
              .value = info.last.loss_mean,
              .seconds = seconds};
  const auto metrics =
      metrics_of(info.spec.model.kind, info.last.eval_sums, info.last.eval_auc);
  if (!metrics.empty()) {
    out.metric = metrics.front().first;
    out.value = metrics.front().second;
  }
  return out;
}

int run_detached(Cluster& cluster, wire::JobSpec spec, bool json,
                 Console& console) {
  const auto name = spec.name;
  const auto job = must(cluster.master().submit(std::move(spec)));
  console.out.text(json ? json_line({{"schema", "psmith-submitted-1"},
                                     {"job", job.value()},
                                     {"name", name}})
                        : format("{}\n", job.value()));
  return kDone;
}

bool classifies(const TrainOptions& options, const data::Schema& schema) {
  if (!options.model.empty()) return options.model != "linear";
  return data::has_classes(schema);
}

// The job that options and data make; the data lives in `datasets`.
wire::JobSpec prepare(const TrainOptions& options, Datasets& datasets,
                      Console& console) {
  auto flags = options.split;
  flags.any_label = options.model == "linear";
  const auto train = datasets.open(options.data, flags);
  if (options.eval.empty()) return make_spec(options, train, nullptr, console);
  SplitFlags like;
  like.raw.skip_bad = is_raw({options.eval}) ? options.split.raw.skip_bad : 0;
  like.micro_batch = train.manifest.block_rows;
  like.seed = options.split.seed;
  like.memory = options.split.memory;
  const auto& schema = train.manifest.schema;
  const auto eval =
      datasets.open({options.eval}, like, &schema, classifies(options, schema));
  return make_spec(options, train, &eval, console);
}

wire::JobInfo follow(Cluster& cluster, Interrupt& interrupt, wire::JobSpec spec,
                     ProgressView& view, const TrainOptions& options,
                     Console& console) {
  const auto name = spec.name;
  const auto job = must(cluster.master().submit(std::move(spec)));
  auto info = Follower(cluster, interrupt, job, view, options, console).run();
  if (info.name != name) {
    throw Failure(kUnavailable,
                  error(Code::unavailable, "job {} is '{}' now, not '{}'",
                        job.value(), printable(info.name), name));
  }
  if (info.state == wire::JobState::done) return info;
  throw Failure(info.status == 0 ? kFailed : static_cast<int>(info.status),
                error(Code::unavailable, "job {} {}: {}", job.value(),
                      state_name(info.state), printable(info.reason)));
}

// Each micro-batch is computed by one thread: a step of fewer leaves some of
// the workers' threads idle. A step lies in one shard.
void note_idle_threads(Cluster& cluster, const wire::JobSpec& spec,
                       const Console& console) {
  auto nodes = cluster.master().nodes();
  if (!nodes) return;  // submitting says why
  std::uint64_t threads = 0;
  for (const auto& node : nodes->view.nodes) {
    if (node.role == wire::Role::worker) threads += node.threads;
  }
  const auto& shape = spec.train.shape;
  const std::uint64_t block_rows = shape.block_rows;
  const std::uint64_t most =
      (std::ranges::max(shape.shard_rows) + block_rows - 1) / block_rows;
  const auto step = std::min<std::uint64_t>(spec.group_blocks, most);
  if (threads <= step) return;
  console.note(format(
      "{} of {} threads are idle: a step has {} micro-batch{} of {} rows; {}",
      threads - step, threads, step, step == 1 ? "" : "es", block_rows,
      threads <= most ? format("--batch {} would use all", threads * block_rows)
                      : format("a smaller --micro-batch or fewer --shards "
                               "would use more")));
}

// The model where it belongs, the result line last.
void deliver(const TrainOptions& options, ModelOutput& output,
             const LoadedModel& live, const std::string& line,
             Console& console) {
  output.write(live.bytes.bytes(), console);
  if (options.output == "-") {
    write_stderr(line);
  } else if (!options.json) {
    console.out.text(line);
  }
}

int run_train(TrainOptions options, Console& console) {
  const auto start = steady_now();
  settle(options, console);
  check(options, console);
  check_outputs(options);
  Interrupt interrupt;
  ModelOutput output(options.output);
  auto log = open_log(options.log);
  Datasets datasets(console, interrupt);
  auto spec = prepare(options, datasets, console);
  Cluster cluster(options.cluster, console, interrupt);
  note_idle_threads(cluster, spec, console);
  if (options.detach) {
    return run_detached(cluster, std::move(spec), options.json, console);
  }
  if (cluster.embedded() && options.output.empty()) {
    console.warn("the model is not kept: no -o FILE was given");
  }
  ProgressView view(console,
                    {.json = options.json,
                     .told = !cluster.embedded(),
                     .log = options.log,
                     .log_fd = std::move(log),
                     .name = spec.name,
                     .kind = spec.model.kind},
                    start);
  const auto info =
      follow(cluster, interrupt, std::move(spec), view, options, console);
  const auto live = fetch_model(cluster.context(), info, interrupt.fd());
  const std::chrono::duration<double> seconds = steady_now() - start;
  const auto outcome = outcome_of(info, live, seconds.count());
  deliver(options, output, live, result_line(info, outcome), console);
  view.line(result_json(info, outcome, live.model));
  return kDone;
}

}  // namespace

void add_train(Program& program) {
  auto options = std::make_shared<TrainOptions>();
  auto& app =
      program.command("train", "trains a model and follows the job",
                      [options](Console& c) { return run_train(*options, c); });
  declare(app, *options);
}

}  // namespace psmith::cli
