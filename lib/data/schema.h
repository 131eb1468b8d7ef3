// Schema: how raw records become batches. Fitted once on training data, kept
// in the dataset's manifest and in every model trained on it, so that
// inference repeats it exactly. Immutable after fitting; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace psmith::data {

enum class Format : std::uint8_t { libsvm = 0, csv = 1 };

// One dense feature: stored as standardised().
struct Column {
  std::string name;
  double mean = 0;
  double scale = 1;  // > 0; 1 for a constant column
  friend bool operator==(const Column&, const Column&) = default;
};

// float((x - mean) / scale), held within the range of a float.
float standardised(const Column& column, double x);

// One label value and the rows that have it.
struct LabelValue {
  std::string name;  // text as read; a number in shortest form
  double value = 0;  // number: the label; text: its index in the list
  std::uint64_t rows = 0;
  friend bool operator==(const LabelValue&, const LabelValue&) = default;
};

struct Schema {
  Format format = Format::libsvm;
  char delimiter = ',';              // csv: ',' or '\t' (or given)
  bool header = false;               // csv: the first line named the columns
  std::vector<Column> columns;       // csv (dense): the features, in order
  std::string label;                 // csv: name of the label column
  std::string weight;                // csv: name of the weight column, or ""
  std::vector<std::string> ignored;  // csv: columns left out by name
  bool label_text = false;           // labels are text; shards hold indices
  // Labels that are numbers: fitted like a column, for models that want them
  // standardised (linear). Shards hold labels as they are.
  double label_mean = 0, label_scale = 1;  // scale > 0
  // The distinct labels, sorted (numbers by value, text by bytes); empty if
  // there are more than kLabelValueMax (a regression target).
  std::vector<LabelValue> label_values;

  bool dense() const { return format == Format::csv; }
  friend bool operator==(const Schema&, const Schema&) = default;
};

inline constexpr std::size_t kLabelValueMax = 100000;

// JSON text: psmith-formats(5); schema_json.h reads it back.
std::string to_json(const Schema& schema);

}  // namespace psmith::data
