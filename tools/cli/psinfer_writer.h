// InferWriter: answered chunks to lines on stdout, and to metrics. fill_lines()
// is for any thread; all else for the writer's thread of a run, then for
// whoever waited for its end.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "client/infer_stream.h"
#include "console.h"
#include "data/answer.h"
#include "data/saved_model.h"
#include "model/curve.h"
#include "model/metric.h"

namespace psmith::cli {

class InferWriter {
 public:
  // model outlives the writer. Throws Failure (2) for a style that the model
  // has no answer for.
  InferWriter(const data::SavedModel& model, const data::AnswerOptions& answer,
              bool metrics, Console& console);

  void header(std::string_view input_header);

  // chunk.lines: the answers, and what stands for bad records.
  void fill_lines(client::InferChunk& chunk) const;
  // Throws Failure: 65 a label that is no class of the model, 74 stdout.
  void write(const client::InferChunk& chunk);

  // The metrics of all rows, as text or as one JSON object.
  std::string metrics_text(bool json) const;

 private:
  void score(const client::InferChunk& chunk);
  float class_of(float label) const;

  const data::SavedModel& model_;
  data::Answers answers_;
  bool metrics_;
  Console& console_;
  std::map<float, float> classes_;  // label value -> class index
  model::Sums sums_;
  model::Curve curve_;
};

}  // namespace psmith::cli
