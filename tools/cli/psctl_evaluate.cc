// psctl evaluate; see psctl_models.h. In this process, block by block in the
// order of the data, so that the result has the same bits everywhere.
#include <algorithm>

#include "base/format.h"
#include "dataset.h"
#include "live_model.h"
#include "metrics.h"
#include "model/curve.h"
#include "model/evaluate.h"
#include "model_data.h"
#include "node/key_map.h"
#include "psctl_models.h"
#include "refuse.h"
#include "report.h"
#include "session.h"

namespace psmith::cli {
namespace {

struct EvaluateOptions {
  std::string model;
  EvaluationData data;
  MasterFlags master;
  bool json = false;
};

// The rows of a sparse model for one batch's keys.
class Weights {
 public:
  explicit Weights(const data::SavedModel& model)
      : model_(model),
        row_(
            model.key,
            [](std::size_t i) { return static_cast<std::uint32_t>(i); },
            kNone) {
    for (const auto& tensor : model.dense) dense_.emplace_back(tensor);
  }

  model::Parameters of(const tensor::Batch& batch) {
    table_.clear();
    if (!batch.dense()) {
      const std::size_t width = model_.settings.output_count();
      rows_.assign(batch.key.size() * width, 0.0F);
      found_.resize(batch.key.size());
      row_.find(batch.key, found_);
      for (std::size_t i = 0; i < batch.key.size(); ++i) {
        if (found_[i] == kNone) continue;
        std::copy_n(model_.table.data() + found_[i] * width, width,
                    rows_.data() + i * width);
      }
      table_.emplace_back(rows_);
    }
    return {.dense = dense_, .table = table_};
  }

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  const data::SavedModel& model_;
  const node::KeyMap<std::uint32_t> row_;  // in the model's table
  std::vector<std::uint32_t> found_;
  std::vector<std::span<const float>> dense_, table_;
  std::vector<float> rows_;
};

void print_evaluation(const std::string& what, const data::SavedModel& saved,
                      const Metrics& metrics, const EvaluateOptions& options,
                      Console& console) {
  if (options.json) {
    Json values;
    for (const auto& [name, value] : metrics) values[name] = value;
    console.out.text(json_line({{"schema", "psmith-evaluation-1"},
                                {"model", options.model},
                                {"digest", saved.digest},
                                {"data", what},
                                {"metrics", values}}));
    return;
  }
  std::vector<std::pair<std::string, std::string>> pairs = {
      {"model", options.model}, {"digest", saved.digest}, {"data", what}};
  for (const auto& [name, value] : metrics) {
    pairs.emplace_back(name, number_text(value));
  }
  console.out.text(pairs_text(pairs));
}

// Raw input is read by the model's schema, in which --label and --weight name
// other columns. From outside the command line they count where they fit.
void rename(const char* option, const std::string& name, std::string& column,
            const data::Schema& schema, const Console& console) {
  if (name.empty()) return;
  const bool feature =
      std::ranges::find(schema.columns, name, &data::Column::name) !=
      schema.columns.end();
  if (schema.dense() && schema.header && !feature) {
    column = name;
  } else if (console.on_command_line(option)) {
    refuse(feature
               ? format("--{}: '{}' is a feature of the model", option, name)
               : format("--{}: this model was trained on records whose "
                        "columns have no names",
                        option));
  }
}

void settle_raw(EvaluationData& data, data::Schema& schema,
                const Console& console) {
  if (!is_raw(data.data)) return forget_outside(data.raw, console);
  if (!console.on_command_line("part")) data.part = "auto";
  auto& raw = data.raw;
  if (!console.on_command_line("delimiter") && !schema.dense()) {
    raw.delimiter.clear();
  }
  if (!console.on_command_line("header") &&
      !console.on_command_line("no-header") && !schema.dense()) {
    raw.header.reset();
  }
  rename("label", data.raw.label, schema.label, schema, console);
  rename("weight", data.raw.weight, schema.weight, schema, console);
  if (!schema.label.empty() && schema.label == schema.weight) {
    refuse(format("'{}' cannot be both label and weight", schema.label));
  }
}

int run_evaluate(EvaluateOptions options, Console& console) {
  check_stdin(options.model, options.data.data);
  auto saved = load_model(options.model, options.master.master, console).model;
  settle_raw(options.data, saved.schema, console);
  Interrupt interrupt;
  auto model = model::make_model(saved.settings);
  if (!model) throw Failure(kBadData, model.error());
  Weights weights(saved);
  model::Sums sums;
  model::Curve curve;
  const auto what = read_blocks(
      options.data, saved, console, interrupt, [&](tensor::Batch& batch) {
        if (interrupt.requested()) {
          throw Failure(kFailed, {Code::unavailable, "interrupted"});
        }
        model::Sums block;
        model::evaluate(**model, batch, weights.of(batch), block, curve);
        sums.add(block);
      });
  const double auc = curve.empty() ? -1 : curve.auc();
  print_evaluation(what, saved, metrics_of(saved.settings.kind, sums, auc),
                   options, console);
  return kDone;
}

}  // namespace

void add_evaluate(Program& program) {
  auto options = std::make_shared<EvaluateOptions>();
  auto& app = program.command(
      "evaluate", "computes a model's metrics on labelled data",
      [options](Console& c) { return run_evaluate(*options, c); });
  app.add_option("MODEL", options->model, "a model file, - for stdin, or @NAME")
      ->type_name("MODEL")
      ->required();
  app.add_option("DATA", options->data.data,
                 "a dataset folder, raw files, or - for stdin")
      ->type_name("DATA")
      ->required();
  add_choice(app, "--part", options->data.part,
             {"auto", "train", "holdout", "all"},
             "rows of a dataset; auto: holdout if there is one, else all");
  declare(app, options->master);
  app.add_flag("--json", options->json, "one JSON object");
  declare(app, options->data.raw, /*fitted=*/true);
}

}  // namespace psmith::cli
