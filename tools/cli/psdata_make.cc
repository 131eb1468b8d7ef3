// The commands of psdata that write datasets: split and synth.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "base/clock.h"
#include "base/format.h"
#include "base/path.h"
#include "data/describe.h"
#include "data/number.h"
#include "data/reader.h"
#include "data/split.h"
#include "data/synth.h"
#include "data/text_rows.h"
#include "interrupt.h"
#include "need.h"
#include "psdata_cli.h"
#include "refuse.h"
#include "report.h"

namespace psmith::cli {
namespace {

[[noreturn]] void refuse_stdout() {
  refuse("-o -: a dataset is a folder and cannot go to standard output");
}

void print_made(const std::string& path, const data::Manifest& manifest,
                Console& console) {
  console.out.text(console.json ? data::describe_json(path, manifest)
                                : data::describe_text(path, manifest));
}

// "12,345 rows" on a terminal: ten redraws a second at most, none in the first
// half second.
class RowCounter {
 public:
  explicit RowCounter(const Console& console)
      : wanted_(console.stderr_terminal() && !console.quiet) {}
  RowCounter(const RowCounter&) = delete;
  RowCounter& operator=(const RowCounter&) = delete;
  ~RowCounter() {
    if (drawn_) std::fputs("\r\x1b[K", stderr);
  }

  void show(std::uint64_t rows) {
    const auto now = SteadyClock().now();
    if (!wanted_ || now < next_) return;
    next_ = now + std::chrono::milliseconds(100);
    drawn_ = true;
    std::fputs(format("\r\x1b[K{} rows", count_text(rows)).c_str(), stderr);
  }

 private:
  const bool wanted_;
  bool drawn_ = false;
  Instant next_ = SteadyClock().now() + std::chrono::milliseconds(500);
};

// "x1 <tab> 0.5" lines: the planted weights.
std::string planted_text(const data::Synth& synth) {
  std::string out = "bias\t" + data::shortest(synth.bias()) + "\n";
  const auto& columns = synth.schema().columns;
  for (std::size_t i = 0; i < synth.weights().size(); ++i) {
    out += columns.empty() ? std::to_string(i + 1) : columns[i].name;
    out += "\t" + data::shortest(synth.weights()[i]) + "\n";
  }
  return out;
}

void write_raw(const SynthCommand& command, data::Synth& synth,
               const Interrupt& interrupt, Console& console) {
  data::TextRows rows(synth.schema(), command.weighted);
  std::optional<AtomicFile> file;
  if (command.output != "-") {
    auto created = AtomicFile::create(command.output);
    if (!created) throw Failure(kCannotCreate, created.error());
    file.emplace(std::move(*created));
  }
  const auto write = [&](std::string_view text) {
    if (file) {
      need(file->write(as_bytes(text)), interrupt);
    } else {
      console.out.text(text);
    }
  };
  std::string text = rows.header();
  data::RawBlock block;
  while (need(synth.next(1024, block), interrupt)) {
    if (interrupt.requested()) {
      throw Failure(kFailed, {Code::unavailable, "interrupted"});
    }
    rows.append(block, text);
    write(text);
    text.clear();
  }
  if (file) need(file->commit(), interrupt);
}

data::SynthOptions synth_options(const SynthCommand& command) {
  const bool logistic = command.kind == "logistic";
  const bool sparse = command.sparse || command.format == "libsvm";
  if (command.sparse && command.format == "csv") {
    refuse("--sparse rows have no csv form; --format libsvm");
  }
  if (sparse && command.weighted) {
    refuse("--weighted is for dense rows: libsvm has no weight column");
  }
  if (logistic && command.noise > 1) {
    refuse("--noise must be at most 1 for logistic: labels are flipped");
  }
  return {.logistic = logistic,
          .rows = command.rows,
          .features = command.features,
          .noise = command.noise,
          .seed = command.seed,
          .sparse = sparse,
          .density = command.density,
          .weighted = command.weighted};
}

}  // namespace

int run_split(const SplitCommand& command, Console& console) {
  if (command.output == "-") refuse_stdout();
  const Interrupt interrupt;
  auto flags = command.flags;
  settle(flags, console);
  auto options = reader_options(flags, command.inputs, interrupt);
  const auto stop = options.stop;
  const auto reader = need(data::Reader::open(std::move(options)), interrupt);
  for (const auto& note : reader->notes()) console.note(note);
  auto split = split_options(flags);
  split.output = command.output;
  split.force = command.force;
  split.stop = stop;
  CleanedFolder temporary;
  split.temporary = [&](const auto& path) { temporary.set(path); };
  const auto manifest = [&] {
    RowCounter counter(console);
    split.progress = [&](std::uint64_t rows) { counter.show(rows); };
    return need(data::split(*reader, split), interrupt);
  }();
  const auto faults = faults_text(reader->faults());
  if (!faults.empty()) console.warn("bad records left out: " + faults);
  print_made(command.output, manifest, console);
  return kDone;
}

int run_synth(const SynthCommand& command, Console& console) {
  data::Synth synth(synth_options(command));
  if (command.output == "-" && command.format == "dataset") refuse_stdout();
  const Interrupt interrupt;
  Json planted{{"schema", "psmith-planted-1"},
               {"kind", command.kind},
               {"bias", synth.bias()},
               {"weights", synth.weights()}};
  if (command.format != "dataset") {
    write_raw(command, synth, interrupt, console);
  } else {
    data::SplitOptions options;
    options.output = command.output;
    options.by = data::Division::even;
    options.seed = command.seed;
    options.force = command.force;
    options.stop = [&] { return interrupt.requested(); };
    CleanedFolder temporary;
    options.temporary = [&](const auto& path) { temporary.set(path); };
    const auto manifest = need(data::split(synth, options), interrupt);
    planted["digest"] = manifest.digest;
  }
  if (command.format != "dataset" && command.output == "-") return kDone;
  console.out.text(console.json ? json_line(planted) : planted_text(synth));
  return kDone;
}

}  // namespace psmith::cli
