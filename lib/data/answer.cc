#include "data/answer.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/format.h"
#include "data/number.h"
#include "file/json.h"

namespace psmith::data {
namespace {

constexpr std::string_view kSchema = R"({"schema":"psmith-prediction-1",)";

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\\':
        out += "\\\\";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// A column's text: quoted as CSV where the delimiter is inside.
std::string cell(std::string_view text, const AnswerOptions& options) {
  std::string line = one_line(text);
  if (!options.append || options.delimiter == '\t' ||
      line.find_first_of(std::string{options.delimiter, '"'}) ==
          std::string::npos) {
    return line;
  }
  std::string out = "\"";
  for (const char c : line) {
    out += c;
    if (c == '"') out += c;
  }
  return out + "\"";
}

// Whether JSON wants nothing of the text escaped or checked.
bool plain_json(std::string_view text) {
  int special = 0;  // without a way out, so that many go at a time
  for (const char c : text) {
    const auto byte = static_cast<signed char>(c);  // >= 0x80: negative
    special |= (byte < 0x20) | (byte == 0x7f) | (c == '"') | (c == '\\');
  }
  return special == 0;
}

void append_json(std::string_view text, std::string& out) {
  if (!plain_json(text)) {
    out += file::dump(file::json_text(text));
    return;
  }
  out += '"';
  out += text;
  out += '"';
}

std::string json_text(std::string_view text) {
  std::string out;
  append_json(text, out);
  return out;
}

// JSON has no inf and no nan.
void json_number(float value, std::string& out) {
  if (std::isfinite(value)) {
    append_shortest(out, value);
  } else {
    out += "null";
  }
}

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

}  // namespace

Result<AnswerStyle> answer_style(std::string_view name) {
  if (name == "standard") return AnswerStyle::standard;
  if (name == "label") return AnswerStyle::label;
  if (name == "proba") return AnswerStyle::proba;
  if (name == "raw") return AnswerStyle::raw;
  if (name == "jsonl") return AnswerStyle::jsonl;
  return error(Code::invalid,
               "unknown output {}: standard, label, proba, raw or jsonl",
               in_quotes(name));
}

Prediction prediction_of(model::Kind kind, std::span<const float> raw) {
  if (kind == model::Kind::logistic) {
    const double z = raw[0];
    return {.label = z > 0 ? 1U : 0U, .probability = sigmoid(std::abs(z))};
  }
  const auto top = std::max_element(raw.begin(), raw.end());
  double sum = 0;
  for (const auto z : raw) sum += std::exp(double{z} - double{*top});
  return {.label = static_cast<std::size_t>(top - raw.begin()),
          .probability = 1.0 / sum};
}

Result<Answers> Answers::make(const SavedModel& model,
                              const AnswerOptions& options) {
  if (model.settings.kind == model::Kind::linear &&
      options.style == AnswerStyle::proba) {
    return error(Code::invalid,
                 "a linear model predicts values, not probabilities\n"
                 "hint: leave out --output proba");
  }
  Answers answers;
  answers.options_ = options;
  answers.kind_ = model.settings.kind;
  answers.output_count_ = model.settings.output_count();
  if (answers.kind_ == model::Kind::linear) return answers;
  const auto classes = answers.kind_ == model::Kind::logistic
                           ? std::size_t{2}
                           : answers.output_count_;
  if (model.classes.size() != classes) {
    return error(Code::corrupt, "the model names {} classes instead of {}",
                 model.classes.size(), classes);
  }
  for (const auto& name : model.classes) {
    answers.text_.push_back(cell(name, options));
    const bool number = !model.schema.label_text &&
                        parse_whole(name).fault == NumberFault::none &&
                        file::Json::accept(name);
    answers.json_.push_back(number ? name : json_text(name));
  }
  return answers;
}

std::vector<std::string> Answers::column_names() const {
  std::vector<std::string> names;
  const bool linear = kind_ == model::Kind::linear;
  switch (options_.style) {
    case AnswerStyle::standard:
      if (linear) return {"value"};
      return {"label", "probability"};
    case AnswerStyle::label:
      return {linear ? "value" : "label"};
    case AnswerStyle::proba:
      if (kind_ == model::Kind::logistic) return {"probability_" + text_[1]};
      for (const auto& text : text_) names.push_back("probability_" + text);
      return names;
    case AnswerStyle::raw:
      if (kind_ != model::Kind::softmax) return {"raw"};
      for (const auto& text : text_) names.push_back("raw_" + text);
      return names;
    case AnswerStyle::jsonl:
      break;
  }
  return names;
}

void Answers::header(std::string_view input_header, std::string& out) const {
  bool first = true;
  if (options_.append) {
    out += input_header;
    first = false;
  }
  for (const auto& name : column_names()) {
    if (!first) out += options_.delimiter;
    out += name;
    first = false;
  }
  out += '\n';
}

void Answers::row(std::span<const float> raw, std::string_view record,
                  std::string& out) const {
  PSM_CHECK(raw.size() == output_count_, "a row has the model's outputs");
  if (options_.style == AnswerStyle::jsonl) return object(raw, record, out);
  if (options_.append) {
    out += record;
    out += options_.delimiter;
  }
  if (options_.style == AnswerStyle::raw || kind_ == model::Kind::linear) {
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (i > 0) out += options_.delimiter;
      append_shortest(out, raw[i]);
    }
  } else if (options_.style == AnswerStyle::proba) {
    proba(raw, out);
  } else {
    const auto [label, probability] = prediction_of(kind_, raw);
    out += text_[label];
    if (options_.style == AnswerStyle::standard) {
      out += options_.delimiter;
      append_shortest(out, static_cast<float>(probability));
    }
  }
  out += '\n';
}

void Answers::proba(std::span<const float> raw, std::string& out) const {
  if (kind_ == model::Kind::logistic) {
    append_shortest(out, static_cast<float>(sigmoid(raw[0])));
    return;
  }
  const auto [label, probability] = prediction_of(kind_, raw);
  const double top = raw[label];
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (i > 0) out += options_.delimiter;
    append_shortest(
        out, static_cast<float>(std::exp(double{raw[i]} - top) * probability));
  }
}

void Answers::object(std::span<const float> raw, std::string_view record,
                     std::string& out) const {
  out += kSchema;
  if (kind_ == model::Kind::linear) {
    out += "\"value\":";
    json_number(raw[0], out);
  } else {
    const auto [label, probability] = prediction_of(kind_, raw);
    out += "\"label\":";
    out += json_[label];
    out += ",\"probability\":";
    json_number(static_cast<float>(probability), out);
  }
  if (options_.append) {
    out += ",\"record\":";
    append_json(record, out);
  }
  out += "}\n";
}

void Answers::bad(std::string_view reason, std::string& out) const {
  if (options_.style == AnswerStyle::jsonl) {
    out += kSchema;
    out += "\"error\":";
    append_json(reason, out);
    out += '}';
  }
  out += '\n';
}

}  // namespace psmith::data
