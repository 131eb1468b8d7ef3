#include "psinfer_cli.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "base/format.h"
#include "client/infer_stream.h"
#include "data/input.h"
#include "data/saved_model.h"
#include "interrupt.h"
#include "live_model.h"
#include "net/context.h"
#include "node/predict_pool.h"
#include "node/predictor.h"
#include "options.h"
#include "psinfer_writer.h"
#include "session.h"
#include "status.h"

namespace psmith::cli {
namespace {

constexpr std::uint64_t kBatchMax = 65536;
constexpr std::uint64_t kBatchDefault = 8192;
constexpr std::uint64_t kOutputsDefault = std::uint64_t{1} << 20U;
constexpr std::size_t kClusterChunks = 64;
constexpr std::size_t kBlockBytes = std::size_t{512} << 10U;  // text

// The model, and the master whose workers predict ("": threads of this
// process do).
struct Source {
  LoadedModel loaded;
  std::string master;
};

// A live model comes from a master, whoever predicts then: both options may
// stand on the command line.
bool predicts_here(const InferOptions& options, bool live, Console& console) {
  const auto& flags = options.cluster;
  const bool here = console.on_command_line("local");
  return (live && here) || !uses_master(flags, console);
}

Source open_source(const InferOptions& options, Console& console) {
  const bool live = options.model.starts_with('@');
  const bool here = predicts_here(options, live, console);
  if (!live && here) return {.loaded = open_model(options.model), .master = ""};
  const MasterFlags flags{.master = options.cluster.master};
  if (flags.master.empty()) {
    throw Failure(kUsage,
                  error(Code::invalid,
                        "{} is a live model, and there is no master to ask\n"
                        "hint: --master tcp://HOST:PORT, or a model file",
                        options.model));
  }
  if (!console.on_command_line("master")) {
    console.note(
        format("master {} ({})", flags.master, console.origin("master")));
  }
  Session session(flags, console);
  if (!live) {
    return {.loaded = open_model(options.model),
            .master = session.master().address()};
  }
  const auto info = find_live(session.master(), options.model);
  return {
      .loaded = fetch_model(session.context(), info, session.interrupt().fd()),
      .master = here ? "" : session.master().address()};
}

// Forgets values from outside the command line that contradict it.
void settle_output(InferOptions& options, const Console& console) {
  const auto given = [&](const char* name) {
    return console.on_command_line(name);
  };
  const bool lines = options.output == "jsonl";
  if (options.json && !options.output.empty() && !lines) {
    if (!given("json")) {
      options.json = false;
    } else if (!given("output")) {
      options.output.clear();
    }
  }
  if ((options.json || lines) && !given("header")) options.header = false;
}

data::AnswerOptions answer_options(const InferOptions& options,
                                   const data::SavedModel& model) {
  data::AnswerOptions answer;
  const auto& output = options.output;
  if (options.json && !output.empty() && output != "jsonl") {
    throw Failure(kUsage,
                  error(Code::invalid,
                        "--json and --output {} exclude each other", output));
  }
  const auto word = options.json     ? std::string("jsonl")
                    : output.empty() ? std::string("standard")
                                     : output;
  answer.style = data::answer_style(word).value(kUsage);
  answer.append = options.append;
  (void)data::Answers::make(model, answer).value(kUsage);
  if (options.header && answer.style == data::AnswerStyle::jsonl) {
    throw Failure(
        kUsage, error(Code::invalid, "--header has no meaning for JSON lines"));
  }
  return answer;
}

std::size_t thread_count(const InferOptions& options) {
  const auto& local = options.cluster.local;
  if (!local.empty()) return local_options(local).workers;
  return std::max(1U, std::thread::hardware_concurrency());
}

data::ReaderOptions reader_options(const InferOptions& options,
                                   const data::SavedModel& model,
                                   data::Stop stop) {
  data::ReaderOptions reader;
  reader.inputs = options.inputs;
  reader.schema = model.schema;
  reader.labels = options.metrics || options.labelled ? data::LabelUse::required
                                                      : data::LabelUse::ignored;
  reader.known_labels = !model.classes.empty();
  reader.keep_text = options.append;
  reader.keep_bad = true;
  reader.may_be_empty = true;
  reader.max_delay = options.max_delay;
  reader.block_bytes = kBlockBytes;
  reader.threads = static_cast<unsigned>(thread_count(options));
  reader.stop = std::move(stop);
  return reader;
}

// Unless asked otherwise, few enough for what is answered to stay small.
std::size_t batch_rows(const InferOptions& options, std::uint64_t outputs) {
  if (options.batch > 0) return static_cast<std::size_t>(options.batch);
  return static_cast<std::size_t>(
      std::clamp<std::uint64_t>(kOutputsDefault / outputs, 1, kBatchDefault));
}

client::InferStreamOptions stream_options(const InferOptions& options,
                                          std::uint64_t outputs,
                                          const Interrupt& interrupt) {
  client::InferStreamOptions stream;
  auto& failover = stream.client.settings.failover;
  failover.divide =
      options.divide == "random" ? infer::Divide::random : infer::Divide::even;
  failover.timeout = options.timeout;
  failover.seed = options.seed;
  stream.batch_rows = batch_rows(options, outputs);
  stream.stop_on_bad = options.on_bad == "stop";
  stream.chunk_max = kClusterChunks;
  stream.format_threads = thread_count(options);
  stream.flush_delay = options.max_delay;
  stream.wake_fd = interrupt.fd();
  return stream;
}

void write_metrics(const InferWriter& writer, const InferOptions& options) {
  const bool json = options.json || options.output == "jsonl";
  write_stderr(writer.metrics_text(json));
}

struct Run {
  const InferOptions& options;
  Console& console;
  Interrupt& interrupt;
  Source source;
  data::AnswerOptions answer;
  std::optional<InferWriter> writer;

  client::InferStreamResult go();
  std::unique_ptr<data::Reader> open_reader(const data::Stop& ended);
  void open_writer(const data::Reader& reader);
  client::InferSink sink();
};

// None: a signal came before a record.
std::unique_ptr<data::Reader> Run::open_reader(const data::Stop& ended) {
  const auto stop = [ended, this] { return ended() || interrupt.requested(); };
  auto reader =
      data::Reader::open(reader_options(options, source.loaded.model, stop));
  if (reader) return std::move(*reader);
  if (interrupt.requested()) return nullptr;
  throw Failure(data::exit_status(reader.error()), reader.error());
}

// New columns are cut as the input's are.
void Run::open_writer(const data::Reader& reader) {
  const auto& schema = reader.schema();
  if (options.append && schema.dense()) {
    answer.delimiter = schema.delimiter;
    if (options.header && reader.header_text().empty()) {
      throw Failure(
          kUsage, error(Code::invalid,
                        "--header with --append: the input names no columns"));
    }
  }
  writer.emplace(source.loaded.model, answer, options.metrics, console);
  if (options.header) {
    writer->header(schema.dense() ? reader.header_text() : "record");
  }
}

client::InferSink Run::sink() {
  return {.format =
              [this](client::InferChunk& chunk) { writer->fill_lines(chunk); },
          .write =
              [this](const client::InferChunk& chunk) { writer->write(chunk); },
          .flush = [this] { console.out.flush(); }};
}

// The model; its weights are not in `model` any more.
data::SavedModel take_weights(data::SavedModel& model) {
  auto dense = std::exchange(model.dense, {});
  auto key = std::exchange(model.key, {});
  auto table = std::exchange(model.table, {});
  auto whole = model;
  whole.dense = std::move(dense);
  whole.key = std::move(key);
  whole.table = std::move(table);
  return whole;
}

client::InferStreamResult Run::go() {
  auto& [model, file] = source.loaded;
  net::Context context;
  node::Predictor predictor({.model_max = 1, .byte_max = file.size()});
  std::optional<node::PredictPool> pool;
  const auto outputs = model.settings.output_count();
  auto settings = stream_options(options, outputs, interrupt);
  settings.client.master = source.master;
  if (source.master.empty()) {
    const auto threads = thread_count(options);
    auto kept = predictor.keep(take_weights(model), file.size());
    if (!kept) throw Failure(kInternal, kept.error());
    pool.emplace(context, predictor, threads);
    settings.client.workers = pool->addresses();
    settings.chunk_max = 6 * threads + 8;
  }
  client::InferStream stream(
      context, settings,
      {.digest = model.digest, .bytes = file, .output_count = outputs}, sink());
  auto reader = open_reader(stream.stop());
  if (!reader) return {.interrupted = true};
  open_writer(*reader);
  return stream.run(std::move(reader));
}

}  // namespace

void declare(CLI::App& app, InferOptions& options) {
  app.add_option("MODEL", options.model,
                 "a model file, - for stdin, or @NAME on the servers")
      ->type_name("MODEL")
      ->required();
  app.add_option("INPUT", options.inputs, "files of records; - or none: stdin")
      ->type_name("FILE");
  app.add_option("--master", options.cluster.master,
                 "predict on this master's workers (ADDRESS or @FILE)")
      ->type_name("ADDRESS");
  app.add_option("--local", options.cluster.local,
                 "predict on W threads of this process (one a core)")
      ->type_name("W[,S[,L]]");
  add_choice(app, "--output", options.output,
             {"label", "proba", "raw", "jsonl"},
             "what a line holds (label TAB probability; linear: value)");
  app.add_flag("--json", options.json, "the same as --output jsonl");
  app.add_flag("--append", options.append, "the record first, then the answer");
  app.add_flag("--header", options.header,
               "first a line that names the columns");
  app.add_flag("--metrics", options.metrics,
               "score against the labels, to stderr");
  app.add_flag("--labelled", options.labelled, "every record has a label");
  add_choice(app, "--on-bad", options.on_bad, {"stop", "blank"},
             "a bad record: stop, or leave its line blank");
  add_choice(app, "--divide", options.divide, {"even", "random"},
             "which worker gets the next batch");
  add_duration(app, "--max-delay", options.max_delay,
               "how long a record may wait for others", Duration::zero());
  add_count(app, "--batch", options.batch, 1, kBatchMax, "records in a batch");
  add_duration(app, "--timeout", options.timeout,
               "give up when no worker answers for so long");
  add_count(app, "--seed", options.seed, 0, ~std::uint64_t{0} >> 1,
            "of --divide random");
}

int run_infer(InferOptions options, Console& console) {
  settle_output(options, console);
  if (options.inputs.empty()) options.inputs = {"-"};
  check_stdin(options.model, options.inputs);
  auto source = open_source(options, console);
  const auto answer = answer_options(options, source.loaded.model);
  Interrupt interrupt;
  Run run{.options = options,
          .console = console,
          .interrupt = interrupt,
          .source = std::move(source),
          .answer = answer,
          .writer = {}};
  const auto result = run.go();
  console.out.flush();
  if (options.metrics && run.writer) write_metrics(*run.writer, options);
  if (result.bad > 0) {
    console.warn(
        format("{} of {} records were bad", result.bad, result.records));
  }
  if (result.interrupted) {
    console.warn(format("interrupted after {} records", result.records));
  }
  return result.bad > 0 || result.interrupted ? kPartial : kDone;
}

}  // namespace psmith::cli
