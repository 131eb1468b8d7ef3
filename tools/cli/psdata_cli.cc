#include "psdata_cli.h"

#include <filesystem>

#include "base/format.h"
#include "data/describe.h"
#include "data/manifest.h"
#include "interrupt.h"
#include "options.h"
#include "report.h"
#include "status.h"

namespace psmith::cli {
namespace {

constexpr std::uint64_t kRowMax = std::uint64_t{1} << 48;

void declare_split(CLI::App& app, SplitCommand& command) {
  app.add_option("INPUT", command.inputs, "files, or - for standard input")
      ->type_name("FILE")
      ->required();
  app.add_option("-o,--output", command.output, "the dataset's folder")
      ->type_name("DIR")
      ->required();
  add_count(app, "--seed", command.flags.seed, 0, ~std::uint64_t{0} >> 1,
            "of the shuffle and the holdout");
  add_count(app, "--micro-batch", command.flags.micro_batch, 1,
            data::kBlockRowsMax, "rows of a block (by the number of rows)");
  app.add_flag("--force", command.force, "replace an existing dataset");
  declare(app, command.flags);
}

void declare_read(CLI::App& app, ReadCommand& command) {
  app.add_option("DATA", command.data, "a dataset's folder")
      ->type_name("DIR")
      ->required();
}

void declare_part(CLI::App& app, ReadCommand& command) {
  add_choice(app, "--part", command.part, {"all", "train", "holdout"},
             "which shards");
}

void declare_synth(CLI::App& app, SynthCommand& command) {
  add_choice(app, "KIND", command.kind, {"linear", "logistic"},
             "linear or logistic")
      ->required();
  app.add_option("-o,--output", command.output,
                 "the dataset's folder; with --format a file or -")
      ->type_name("PATH")
      ->required();
  add_choice(app, "--format", command.format, {"dataset", "csv", "libsvm"},
             "dataset, or the rows as text");
  add_count(app, "--rows", command.rows, 1, kRowMax, "rows");
  add_count(app, "--features", command.features, 1, std::uint64_t{1} << 24,
            "features");
  add_real(app, "--noise", command.noise, 0, 1e6,
           "linear: its deviation; logistic: part of labels flipped");
  add_count(app, "--seed", command.seed, 0, ~std::uint64_t{0} >> 1,
            "of weights and rows");
  app.add_flag("--sparse", command.sparse, "sparse rows (libsvm)");
  add_real(app, "--density", command.density, 1e-9, 1,
           "sparse: part of the features in a row");
  app.add_flag("--weighted", command.weighted, "dense: add row weights 1 to 4");
  app.add_flag("--force", command.force, "replace an existing dataset");
}

data::Manifest manifest_of(const ReadCommand& command) {
  auto manifest = data::read_manifest(command.data);
  if (!manifest) {
    throw Failure(data::exit_status(manifest.error()), manifest.error());
  }
  return std::move(*manifest);
}

data::Part part_of(const std::string& word) {
  if (word == "train") return data::Part::train;
  return word == "holdout" ? data::Part::holdout : data::Part::all;
}

int print_data(const ReadCommand& command, std::uint64_t row_max,
               Console& console) {
  const auto manifest = manifest_of(command);
  const Interrupt interrupt;
  const data::PrintOptions options{
      .part = part_of(command.part),
      .row_max = row_max,
      .json = console.json,
      .stop = [&] { return interrupt.requested(); }};
  const auto write = [&](std::string_view text) -> Status {
    console.out.text(text);
    return Done{};
  };
  auto printed = data::print_rows(command.data, manifest, options, write);
  if (printed) return kDone;
  if (interrupt.requested()) throw Failure(kFailed, printed.error());
  throw Failure(data::exit_status(printed.error()), printed.error());
}

}  // namespace

void declare(Program& program, PsdataOptions& options) {
  program.app().add_flag("--json", options.json,
                         "print JSON on standard output");
  const auto add = [&](const char* name, const char* about, auto command,
                       auto run) -> CLI::App& {
    return program.command(name, about,
                           [&options, command, run](Console& console) {
                             console.json = options.json;
                             return run(options.*command, console);
                           });
  };
  const auto read = [&](const char* name, const char* about,
                        auto run) -> CLI::App& {
    auto& app = add(name, about, &PsdataOptions::read, run);
    declare_read(app, options.read);
    return app;
  };
  declare_split(add("split", "turn raw data into a dataset",
                    &PsdataOptions::split, run_split),
                options.split);
  read("info", "what a dataset holds", run_info);
  auto& head = read("head", "the first rows as text", run_head);
  add_count(head, "-n,--rows", options.read.rows, 1, kRowMax, "rows");
  declare_part(head, options.read);
  declare_part(read("cat", "every row as text", run_cat), options.read);
  read("verify", "check every checksum", run_verify);
  declare_synth(add("synth", "make reproducible data with known weights",
                    &PsdataOptions::synth, run_synth),
                options.synth);
}

int run_info(const ReadCommand& command, Console& console) {
  const auto manifest = manifest_of(command);
  console.out.text(console.json ? data::describe_json(command.data, manifest)
                                : data::describe_text(command.data, manifest));
  return kDone;
}

int run_head(const ReadCommand& command, Console& console) {
  return print_data(command, command.rows, console);
}

int run_cat(const ReadCommand& command, Console& console) {
  return print_data(command, ~std::uint64_t{0}, console);
}

int run_verify(const ReadCommand& command, Console& console) {
  const auto manifest = manifest_of(command);
  const Interrupt interrupt;
  int status = kDone;
  std::uint64_t bad = 0;
  for (std::size_t i = 0; i < manifest.shards.size(); ++i) {
    if (interrupt.requested()) {
      throw Failure(kFailed, {Code::unavailable, "interrupted"});
    }
    auto checked = data::verify_shard(command.data, manifest, i);
    if (checked) continue;
    ++bad;
    status = data::exit_status(checked.error());
    console.error(checked.error().message);
  }
  const auto rows = manifest.rows(false) + manifest.rows(true);
  if (console.json) {
    console.out.text(json_line(Json{{"schema", "psmith-verify-1"},
                                    {"path", command.data},
                                    {"shards", manifest.shards.size()},
                                    {"bad", bad},
                                    {"rows", rows},
                                    {"digest", manifest.digest}}));
  } else if (bad == 0) {
    console.out.text(format("ok: {} shards, {} rows, digest {}\n",
                            manifest.shards.size(), rows, manifest.digest));
  } else {
    console.out.text(
        format("bad: {} of {} shards\n", bad, manifest.shards.size()));
  }
  return status;
}

}  // namespace psmith::cli
