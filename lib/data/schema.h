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

// One dense feature: stored as float((x - mean) / scale).
struct Column {
  std::string name;
  double mean = 0;
  double scale = 1;  // > 0; 1 for a constant column
  friend bool operator==(const Column&, const Column&) = default;
};

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
  // The distinct labels, sorted (numbers by value, text by bytes); empty if
  // there are more than kLabelValueMax (a regression target).
  std::vector<LabelValue> label_values;

  bool dense() const { return format == Format::csv; }
  friend bool operator==(const Schema&, const Schema&) = default;
};

inline constexpr std::size_t kLabelValueMax = 100000;

// JSON text, and back: psmith-formats(5). Any bytes in names survive. Errors
// (corrupt) name the field.
std::string to_json(const Schema& schema);
Result<Schema> schema_from_json(std::string_view text);

}  // namespace psmith::data
