// make_spec: options, data and defaults to a JobSpec; see train_options.h.
#include <algorithm>

#include "base/format.h"
#include "base/path.h"
#include "data/defaults.h"
#include "data/saved_model.h"
#include "model/defaults.h"
#include "refuse.h"
#include "report.h"
#include "status.h"
#include "train_options.h"
#include "wire/limits.h"

namespace psmith::cli {
namespace {

model::Kind kind_of(const TrainOptions& options, const data::Schema& schema,
                    Console& console) {
  if (!options.model.empty()) {
    return model::kind_of(options.model).value(kUsage);
  }
  const auto guess = data::guess_kind(schema).value(kBadData);
  console.note(
      format("model: {} ({})", model::name_of(guess.kind), guess.reason));
  return guess.kind;
}

void set_model(model::Kind kind, const data::Manifest& manifest,
               wire::JobSpec& spec) {
  const auto& schema = manifest.schema;
  spec.model.kind = kind;
  spec.model.dense = manifest.dense;
  spec.model.column_count = manifest.dense ? schema.columns.size() : 0;
  if (kind == model::Kind::linear) {
    if (schema.label_text) {
      refuse(kBadData,
             "a linear model needs numbers as labels, not text\n"
             "hint: --model softmax");
    }
    spec.model.label_mean = schema.label_mean;
    spec.model.label_scale = schema.label_scale;
    return;
  }
  const auto& values = schema.label_values;
  const std::string name(model::name_of(kind));
  if (values.empty()) {
    refuse(kBadData, format("the label has over {} distinct values, too many "
                            "for {}\nhint: --model linear",
                            data::kLabelValueMax, name));
  }
  if (kind == model::Kind::logistic && values.size() != 2) {
    refuse(kBadData, format("the label has {} distinct value{}; logistic needs "
                            "two\nhint: --model {}",
                            values.size(), values.size() == 1 ? "" : "s",
                            values.size() == 1 ? "linear" : "softmax"));
  }
  if (values.size() < 2) {
    refuse(kBadData,
           "the label has 1 distinct value; softmax needs at least two");
  }
  for (const auto& value : values) {
    spec.classes.push_back(static_cast<float>(value.value));
  }
  if (kind == model::Kind::softmax) {
    spec.model.class_count = static_cast<std::uint32_t>(values.size());
  }
}

wire::DataRef data_ref(const Dataset& dataset, bool holdout,
                       std::uint32_t block_rows) {
  wire::DataRef ref;
  ref.folder = dataset.folder.string();
  ref.digest = dataset.manifest.digest;
  ref.shape.block_rows =
      dataset.manifest.dense ? block_rows : dataset.manifest.block_rows;
  const auto& shards = dataset.manifest.shards;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    if (shards[i].holdout != holdout) continue;
    ref.shards.push_back(static_cast<std::uint32_t>(i));
    ref.shape.shard_rows.push_back(shards[i].rows);
  }
  return ref;
}

// All rows of another dataset.
wire::DataRef whole_ref(const Dataset& dataset, std::uint32_t block_rows) {
  auto ref = data_ref(dataset, false, block_rows);
  const auto more = data_ref(dataset, true, block_rows);
  ref.shards.insert(ref.shards.end(), more.shards.begin(), more.shards.end());
  ref.shape.shard_rows.insert(ref.shape.shard_rows.end(),
                              more.shape.shard_rows.begin(),
                              more.shape.shard_rows.end());
  return ref;
}

void check_eval(const data::Schema& train, const data::Schema& eval,
                const std::string& name) {
  bool labels = train.label_text == eval.label_text;
  if (labels && train.label_text) {
    labels =
        std::ranges::equal(train.label_values, eval.label_values, {},
                           &data::LabelValue::name, &data::LabelValue::name);
  }
  if (labels && train.dense() == eval.dense() &&
      train.columns == eval.columns) {
    return;
  }
  refuse(kBadData, format("{} was preprocessed otherwise than the training "
                          "data\nhint: psdata split RAW --like DATASET -o DIR",
                          name));
}

// Rows of a leaf, and leaves of a step.
void set_batch(const TrainOptions& options, const model::Defaults& defaults,
               std::uint32_t block_rows, Console& console,
               wire::JobSpec& spec) {
  spec.group_blocks = defaults.group_blocks;
  if (options.batch == 0) return;
  const auto blocks = (options.batch + block_rows / 2) / block_rows;
  if (blocks > std::uint64_t{1} << 20) {
    refuse(format("--batch {}: over 2^20 micro-batches of {} rows",
                  options.batch, block_rows));
  }
  spec.group_blocks =
      static_cast<std::uint32_t>(std::max<std::uint64_t>(blocks, 1));
  const auto rows = std::uint64_t{spec.group_blocks} * block_rows;
  if (rows != options.batch) {
    console.note(format("batch: {} rows, {} micro-batches of {} ({} asked for)",
                        rows, spec.group_blocks, block_rows, options.batch));
  }
  const auto largest = std::ranges::max(spec.train.shape.shard_rows);
  if (rows > largest) {
    console.note(
        format("batch: at most {} rows, those of the largest shard: a "
               "step stays within one (--shards)",
               largest));
  }
}

void set_optimizer(const TrainOptions& options, const model::Defaults& defaults,
                   wire::JobSpec& spec) {
  auto& out = spec.optimizer;
  const auto or_default = [](double given, double bound, double other) {
    return given > bound ? given : other;
  };
  out.rule = optim::rule_of(defaults.optimizer).value(kUsage);
  const std::string schedule(options.schedule.empty() ? defaults.schedule
                                                      : options.schedule);
  out.schedule = optim::schedule_of(schedule).value(kUsage);
  out.rate = or_default(options.rate, 0, defaults.rate);
  out.beta = or_default(options.beta, 0, defaults.beta);
  out.l1 = options.l1 >= 0 ? options.l1 : defaults.l1;
  out.l2 = options.l2 >= 0 ? options.l2 : defaults.l2;
  out.mean = defaults.mean;
  if (options.beta > 0 && out.rule == optim::Rule::sgd) {
    refuse("--beta does not go with sgd");
  }
}

std::map<std::string, std::string> facts_of(const wire::JobSpec& spec,
                                            const Dataset& train,
                                            const Dataset* eval) {
  const auto& optimizer = spec.optimizer;
  const auto block_rows = spec.train.shape.block_rows;
  std::map<std::string, std::string> facts = {
      {"optimizer", std::string(optim::name_of(optimizer.rule))},
      {"schedule", std::string(optim::name_of(optimizer.schedule))},
      {"rate", format("{}", optimizer.rate)},
      {"l1", format("{}", optimizer.l1)},
      {"l2", format("{}", optimizer.l2)},
      {"combine", optimizer.mean ? "mean" : "sum"},
      {"epochs", std::to_string(spec.epochs)},
      {"batch", std::to_string(std::uint64_t{spec.group_blocks} * block_rows)},
      {"micro_batch", std::to_string(block_rows)},
      {"seed", std::to_string(spec.seed)},
      {"dataset", train.manifest.digest}};
  if (optimizer.rule != optim::Rule::sgd) {
    facts["beta"] = format("{}", optimizer.beta);
  }
  if (spec.step_max > 0) facts["steps"] = std::to_string(spec.step_max);
  if (spec.patience > 0) {
    facts["patience"] = std::to_string(spec.patience);
    facts["min_delta"] = format("{}", spec.min_delta);
  }
  if (eval != nullptr) facts["eval_dataset"] = eval->manifest.digest;
  return facts;
}

// A header travels as one string.
void check_size(const wire::JobSpec& spec, const data::Schema& schema) {
  if (spec.model_header.size() <= wire::kStringBytesMax) return;
  if (spec.classes.size() > schema.columns.size()) {
    refuse(kBadData, format("the label has {} values, too many for a model\n"
                            "hint: --label names the label column",
                            spec.classes.size()));
  }
  refuse(kBadData, format("the data has {} columns, too many for a dense "
                          "model\nhint: libsvm has no such limit",
                          schema.columns.size()));
}

std::string name_of_job(const TrainOptions& options) {
  if (!options.name.empty()) return options.name;
  if (options.data.front() == "-") return "stdin";
  auto path = std::filesystem::path(options.data.front()).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  if (is_raw(options.data)) {
    while (path.has_extension() && !path.stem().empty()) path = path.stem();
  }
  auto name = printable(path.filename().string()).substr(0, 128);
  return name.empty() || name == "." ? "model" : name;
}

void set_eval(const TrainOptions& options, const Dataset& train,
              const Dataset* eval, std::uint32_t block_rows, Console& console,
              wire::JobSpec& spec) {
  const bool held = train.manifest.rows(true) > 0;
  if (eval != nullptr) {
    check_eval(train.manifest.schema, eval->manifest.schema, options.eval);
    spec.eval = whole_ref(*eval, block_rows);
  } else if (held) {
    spec.eval = data_ref(train, true, block_rows);
    console.detail(format("evaluates {} held out rows",
                          count_text(train.manifest.rows(true))));
  } else if (options.patience > 0 && console.on_command_line("patience")) {
    refuse(
        "--patience needs something to evaluate\n"
        "hint: --eval DATA, or --holdout 0.1 with raw input");
  } else if (console.on_command_line("eval-every")) {
    console.note("--eval-every: there is nothing to evaluate");
  }
  const bool evaluates = eval != nullptr || held;
  spec.eval_every = static_cast<std::uint32_t>(options.eval_every);
  spec.patience = evaluates ? static_cast<std::uint32_t>(options.patience) : 0;
  spec.min_delta = options.min_delta;
  if (spec.patience == 0 && console.on_command_line("min-delta")) {
    console.note("--min-delta changes nothing without --patience");
  }
}

}  // namespace

wire::JobSpec make_spec(const TrainOptions& options, const Dataset& train,
                        const Dataset* eval, Console& console) {
  wire::JobSpec spec;
  spec.name = name_of_job(options);
  const auto& manifest = train.manifest;
  const auto rows = manifest.rows(false);
  if (rows == 0) refuse(kBadData, "the data has no rows to train on");
  set_model(kind_of(options, manifest.schema, console), manifest, spec);
  if (!manifest.dense && options.split.micro_batch > 0 &&
      options.split.micro_batch != manifest.block_rows &&
      console.on_command_line("micro-batch")) {
    refuse(format("--micro-batch: this dataset was split with {}",
                  manifest.block_rows));
  }
  const auto defaults = model::defaults_for(
      {.model = spec.model,
       .rows = rows,
       .block_rows = manifest.dense
                         ? static_cast<std::uint32_t>(options.split.micro_batch)
                         : manifest.block_rows,
       .optimizer = options.optimizer});
  const auto block_rows = defaults.block_rows;
  spec.train = data_ref(train, false, block_rows);
  set_eval(options, train, eval, block_rows, console, spec);
  set_batch(options, defaults, block_rows, console, spec);
  set_optimizer(options, defaults, spec);
  spec.epochs = options.epochs > 0 ? options.epochs : defaults.epochs;
  spec.step_max = options.steps;
  spec.seed = options.split.seed;
  if (!options.checkpoint_dir.empty()) {
    std::error_code fault;
    std::filesystem::create_directory(options.checkpoint_dir, fault);
    if (fault) {
      refuse(kCannotCreate,
             format("cannot create {}: {}", options.checkpoint_dir,
                    errno_text(fault.value())));
    }
    spec.checkpoint_folder =
        std::filesystem::absolute(options.checkpoint_dir).string();
    spec.checkpoint_every = options.checkpoint_every;
  }
  data::SavedModel header;
  header.settings = spec.model;
  header.schema = manifest.schema;
  // Of a linear model labels are data, not classes.
  if (spec.classes.empty()) header.schema.label_values.clear();
  if (!spec.classes.empty()) {
    for (const auto& value : manifest.schema.label_values) {
      header.classes.push_back(value.name);
    }
  }
  header.facts = facts_of(spec, train, eval);
  spec.model_header = data::header_json(header);
  check_size(spec, manifest.schema);
  console.detail(
      format("{} rows, steps of {} x {} rows, {} epochs, {} rate {} {}",
             count_text(rows), spec.group_blocks, block_rows, spec.epochs,
             optim::name_of(spec.optimizer.rule), spec.optimizer.rate,
             optim::name_of(spec.optimizer.schedule)));
  return spec;
}

}  // namespace psmith::cli
