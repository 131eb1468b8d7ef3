// Answers: a model's raw outputs as lines of text, one per record.
//
// standard: a linear model's value; other models' label TAB its probability.
// label: without the probability. proba: a logistic model's probability of
// its second class; a softmax model's of every class, in class order. raw:
// the outputs as computed. jsonl: one object a line. Numbers are 32-bit
// floats in their shortest exact form. A label's tabs, line ends and
// backslashes are written \t, \n, \r and \\, so that a line stays a line.
//
// Const after make(); any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/saved_model.h"

namespace psmith::data {

enum class AnswerStyle : std::uint8_t { standard, label, proba, raw, jsonl };

struct AnswerOptions {
  AnswerStyle style = AnswerStyle::standard;
  bool append = false;    // the record's text first
  char delimiter = '\t';  // between columns
};

// "standard", "label", ...; an unknown name lists the known ones.
Result<AnswerStyle> answer_style(std::string_view name);

struct Prediction {
  std::size_t label = 0;  // class index
  double probability = 0;
};
// Of one row of a logistic (one output) or softmax model. Equal outputs: the
// first class; log-odds of 0: the first class.
Prediction prediction_of(model::Kind kind, std::span<const float> raw);

class Answers {
 public:
  // Errors (invalid): a style that the model has no answer for.
  static Result<Answers> make(const SavedModel& model,
                              const AnswerOptions& options);

  // Names of the new columns; with append after those of the input.
  void header(std::string_view input_header, std::string& out) const;

  // raw: output_count() floats. record: the input line without its end.
  void row(std::span<const float> raw, std::string_view record,
           std::string& out) const;

  // A bad record: an empty line, or an object that names the error.
  void bad(std::string_view reason, std::string& out) const;

  std::size_t output_count() const { return output_count_; }

 private:
  Answers() = default;
  std::vector<std::string> column_names() const;
  void proba(std::span<const float> raw, std::string& out) const;
  void object(std::span<const float> raw, std::string_view record,
              std::string& out) const;

  AnswerOptions options_;
  model::Kind kind_ = model::Kind::linear;
  std::size_t output_count_ = 1;
  std::vector<std::string> text_;  // of each class, for lines
  std::vector<std::string> json_;  // of each class, for objects
};

}  // namespace psmith::data
