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
  answers_.header(input_header, lines_);
  console_.out.text(lines_);
  console_.out.flush();
}

void InferWriter::write(const client::InferChunk& chunk, bool more) {
  const auto raw = chunk.raw.values<float>();
  if (metrics_) score(chunk, raw);
  lines_.clear();
  const auto outputs = answers_.output_count();
  auto bad = chunk.block.bad.begin();
  std::size_t row = 0;
  for (std::size_t i = 0; i < chunk.record_count; ++i) {
    if (bad != chunk.block.bad.end() && bad->record == i) {
      answers_.bad(bad->message, lines_);
      console_.detail(bad->message);
      ++bad;
      continue;
    }
    const auto record = chunk.block.text_begin.size() > i + 1
                            ? chunk.block.record_text(i)
                            : std::string_view();
    answers_.row(std::span(raw).subspan(row * outputs, outputs), record,
                 lines_);
    ++row;
  }
  console_.out.text(lines_);
  if (!more) console_.out.flush();
}

float InferWriter::class_of(float label) const {
  const auto found = classes_.find(label);
  if (found != classes_.end()) return found->second;
  throw Failure(kBadData, error(Code::invalid,
                                "label {} is no class of the model\n"
                                "hint: psctl show lists its classes",
                                data::shortest(label)));
}

void InferWriter::score(const client::InferChunk& chunk,
                        std::span<const float> raw) {
  const auto kind = model_.settings.kind;
  const auto first = [&](const std::vector<float>& values) {
    return std::span(values).first(
        std::min<std::size_t>(values.size(), chunk.row_count));
  };
  std::vector<float> label(first(chunk.block.label).begin(),
                           first(chunk.block.label).end());
  if (kind != model::Kind::linear) {
    for (auto& value : label) value = class_of(value);
  }
  tensor::Batch batch;
  batch.row_count = chunk.row_count;
  batch.label = label;
  batch.weight = first(chunk.block.weight);
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
