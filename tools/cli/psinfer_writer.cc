#include "psinfer_writer.h"

#include <algorithm>
#include <vector>

#include "base/format.h"
#include "data/number.h"
#include "metrics.h"
#include "model/loss.h"
#include "report.h"
#include "status.h"

namespace psmith::cli {
namespace {

// The label value, as records give it, of each class.
std::map<float, float> classes_of(const data::SavedModel& model) {
  std::map<float, float> out;
  for (std::size_t i = 0; i < model.classes.size(); ++i) {
    const auto& name = model.classes[i];
    const auto index = static_cast<float>(i);
    if (!model.schema.label_text) {
      out[static_cast<float>(data::parse_whole(name).value)] = index;
      continue;
    }
    const auto& values = model.schema.label_values;
    const auto at =
        std::find_if(values.begin(), values.end(),
                     [&](const auto& value) { return value.name == name; });
    if (at != values.end()) out[static_cast<float>(at->value)] = index;
  }
  return out;
}

}  // namespace

InferWriter::InferWriter(const data::SavedModel& model,
                         const data::AnswerOptions& answer, bool metrics,
                         Console& console)
    : model_(model),
      answers_(data::Answers::make(model, answer).value(kUsage)),
      metrics_(metrics),
      console_(console),
      classes_(classes_of(model)) {}

void InferWriter::header(std::string_view input_header) {
  std::string line;
  answers_.header(input_header, line);
  console_.out.text(line);
  console_.out.flush();
}

void InferWriter::fill_lines(client::InferChunk& chunk) const {
  const Values<float> values(chunk.raw);
  const auto raw = values.span();
  const auto& records = chunk.records();
  auto& lines = chunk.lines;
  lines.clear();
  const auto outputs = answers_.output_count();
  const bool texts = records.text_begin.size() > records.record_count;
  auto bad = records.bad.begin();
  std::size_t row = 0;
  for (std::size_t i = 0; i < chunk.record_count; ++i) {
    if (bad != records.bad.end() && bad->record == i) {
      answers_.bad(bad->message, lines);
      ++bad;
      continue;
    }
    const auto record = texts ? records.record_text(i) : std::string_view();
    answers_.row(raw.subspan(row * outputs, outputs), record, lines);
    ++row;
  }
}

void InferWriter::write(const client::InferChunk& chunk) {
  if (metrics_) score(chunk);
  for (const auto& bad : chunk.records().bad) {
    if (bad.record < chunk.record_count) console_.detail(bad.message);
  }
  console_.out.text(chunk.lines);
}

float InferWriter::class_of(float label) const {
  const auto found = classes_.find(label);
  if (found != classes_.end()) return found->second;
  throw Failure(kBadData, error(Code::invalid,
                                "label {} is no class of the model\n"
                                "hint: psctl show lists its classes",
                                data::shortest(label)));
}

void InferWriter::score(const client::InferChunk& chunk) {
  const Values<float> values(chunk.raw);
  const auto raw = values.span();
  const auto kind = model_.settings.kind;
  const auto first = [&](const std::vector<float>& values) {
    return std::span(values).first(
        std::min<std::size_t>(values.size(), chunk.row_count));
  };
  std::vector<float> label(first(chunk.records().label).begin(),
                           first(chunk.records().label).end());
  if (kind != model::Kind::linear) {
    for (auto& value : label) value = class_of(value);
  }
  tensor::Batch batch;
  batch.row_count = chunk.row_count;
  batch.label = label;
  batch.weight = first(chunk.records().weight);
  model::add_losses(kind, batch, answers_.output_count(), raw, sums_);
  if (kind != model::Kind::logistic) return;
  for (std::size_t row = 0; row < batch.row_count; ++row) {
    curve_.add(raw[row], label[row], batch.weight_of(row));
  }
}

std::string InferWriter::metrics_text(bool json) const {
  const auto kind = model_.settings.kind;
  const auto metrics = metrics_of(
      kind, sums_, kind == model::Kind::logistic ? curve_.auc() : -1);
  Json object = {
      {"schema", "psmith-metrics-1"},
      {"rows", static_cast<std::uint64_t>(sums_[model::Sums::rows])}};
  std::string text = format(
      "rows\t{}\n", static_cast<std::uint64_t>(sums_[model::Sums::rows]));
  for (const auto& [name, value] : metrics) {
    object[name] = value;
    text += format("{}\t{}\n", name, number_text(value));
  }
  return json ? json_line(object) : text;
}

}  // namespace psmith::cli
