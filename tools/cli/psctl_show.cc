// psctl show; see psctl_models.h.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/format.h"
#include "live_model.h"
#include "psctl_models.h"
#include "report.h"
#include "session.h"

namespace psmith::cli {
namespace {

struct ShowOptions {
  std::string model;
  std::uint64_t top = 10;
  MasterFlags master;
  bool json = false;
};

struct Weight {
  std::string output, feature;
  double value = 0;
};

// Of one output: "" where there is only one.
std::string output_name(const data::SavedModel& model, std::size_t output) {
  return model.settings.output_count() > 1 ? model.classes[output] : "";
}

// Dense weights in raw units: per unit of the column as it was read.
std::vector<Weight> weights_of(const data::SavedModel& model) {
  std::vector<Weight> out;
  const std::size_t outputs = model.settings.output_count();
  if (model.settings.dense) {
    const auto& columns = model.schema.columns;
    for (std::size_t k = 0; k < outputs; ++k) {
      for (std::size_t c = 0; c < columns.size(); ++c) {
        const double w = model.dense[0][k * columns.size() + c];
        out.push_back(
            {output_name(model, k), columns[c].name, w / columns[c].scale});
      }
    }
    return out;
  }
  for (std::size_t i = 0; i < model.key.size(); ++i) {
    for (std::size_t k = 0; k < outputs; ++k) {
      out.push_back({output_name(model, k), std::to_string(model.key[i]),
                     model.table[i * outputs + k]});
    }
  }
  return out;
}

std::vector<Weight> top_weights(const data::SavedModel& model,
                                std::size_t count) {
  auto all = weights_of(model);
  count = std::min(count, all.size());
  std::ranges::stable_sort(all, std::ranges::greater{},
                           [](const Weight& w) { return std::abs(w.value); });
  all.resize(count);
  return all;
}

std::vector<double> biases(const data::SavedModel& model) {
  const std::size_t outputs = model.settings.output_count();
  const auto& bias = model.dense.back();
  std::vector<double> out(bias.begin(), bias.end());
  if (!model.settings.dense) return out;
  const auto& columns = model.schema.columns;
  for (std::size_t k = 0; k < outputs; ++k) {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const double w = model.dense[0][k * columns.size() + c];
      out[k] -= w / columns[c].scale * columns[c].mean;
    }
  }
  return out;
}

std::string features_text(const data::SavedModel& model) {
  return model.settings.dense
             ? format("{} columns", count_text(model.schema.columns.size()))
             : format("sparse, {} keys with a weight",
                      count_text(model.key.size()));
}

std::string preprocessing_text(const data::Schema& schema) {
  if (!schema.dense()) return "libsvm, as read";
  std::string text = schema.delimiter == '\t'
                         ? "tab-separated"
                         : format("csv '{}'", schema.delimiter);
  text += schema.header ? ", header" : ", no header";
  text += ", label " + schema.label;
  if (!schema.weight.empty()) text += ", weight " + schema.weight;
  for (const auto& name : schema.ignored) text += ", without " + name;
  return text + ", columns standardised";
}

std::string classes_text(const data::SavedModel& model) {
  constexpr std::size_t kShown = 20;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, model.classes.size()); ++i) {
    text += (i == 0 ? "" : ", ") + model.classes[i];
  }
  if (model.classes.size() > kShown) {
    text += format(", ... ({})", model.classes.size());
  }
  return text;
}

void print_text(const data::SavedModel& model, const std::vector<Weight>& top,
                Console& console) {
  std::vector<std::pair<std::string, std::string>> pairs = {
      {"kind", std::string(model::name_of(model.settings.kind))},
      {"features", features_text(model)}};
  if (!model.classes.empty())
    pairs.emplace_back("classes", classes_text(model));
  pairs.emplace_back("preprocessing", preprocessing_text(model.schema));
  for (const auto& [name, value] : model.facts) pairs.emplace_back(name, value);
  pairs.emplace_back("digest", model.digest);
  console.out.text(pairs_text(pairs) + "\n");
  const bool many = model.settings.output_count() > 1;
  Table table{{"feature", "class", ">weight"}};
  const auto bias = biases(model);
  for (std::size_t k = 0; k < std::min<std::size_t>(bias.size(), 20); ++k) {
    table.row(
        {"(bias)", many ? output_name(model, k) : "-", number_text(bias[k])});
  }
  for (const auto& weight : top) {
    table.row({weight.feature, many ? weight.output : "-",
               number_text(weight.value)});
  }
  console.out.text(table.text());
}

void print_json(const data::SavedModel& model, const std::vector<Weight>& top,
                Console& console) {
  Json out = {{"schema", "psmith-model-1"},
              {"kind", model::name_of(model.settings.kind)},
              {"dense", model.settings.dense},
              {"features", model.settings.dense ? model.schema.columns.size()
                                                : model.key.size()},
              {"classes", model.classes},
              {"digest", model.digest},
              {"preprocessing", Json::parse(data::to_json(model.schema))}};
  for (const auto& [name, value] : model.facts) out["facts"][name] = value;
  out["bias"] = biases(model);
  out["weights"] = Json::array();
  for (const auto& weight : top) {
    Json one = {{"feature", weight.feature}, {"weight", weight.value}};
    if (!weight.output.empty()) one["class"] = weight.output;
    out["weights"].push_back(one);
  }
  console.out.text(json_line(out));
}

int run_show(const ShowOptions& options, Console& console) {
  const auto model =
      load_model(options.model, options.master.master, console).model;
  const auto top = top_weights(model, options.top);
  if (options.json) {
    print_json(model, top, console);
  } else {
    print_text(model, top, console);
  }
  return kDone;
}

}  // namespace

void add_show(Program& program) {
  auto options = std::make_shared<ShowOptions>();
  auto& app =
      program.command("show", "says what is inside a model",
                      [options](Console& c) { return run_show(*options, c); });
  app.add_option("MODEL", options->model, "a model file, - for stdin, or @NAME")
      ->type_name("MODEL")
      ->required();
  add_count(app, "--top", options->top, 0, std::uint64_t{1} << 40,
            "how many of the largest weights");
  declare(app, options->master);
  app.add_flag("--json", options->json, "one JSON object");
}

}  // namespace psmith::cli
