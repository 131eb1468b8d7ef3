// Rows as text again: csv in raw units, or libsvm; JSON lines.
//
// Numbers are written with the fewest digits that the reader and the schema
// turn into the same stored float: what was stored is never lost, and 8 comes
// back as 8. Columns: features in order, then label, then weight; without a
// header in their first order. Const use from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/raw.h"
#include "data/schema.h"
#include "tensor/batch.h"

namespace psmith::data {

// The shortest number x with float((x - mean) / scale) == z.
double raw_value(const Column& column, float z);

class TextRows {
 public:
  TextRows(const Schema& schema, bool weighted);

  // The header line with its end; "" where the rows have none.
  std::string header() const;

  // Row `row` of a stored batch: labels as stored, columns standardised.
  void append(const tensor::Batch& batch, std::size_t row, std::string& out);
  void append_json(const tensor::Batch& batch, std::size_t row,
                   std::string& out);

  // Every row of a block as read or made, columns raw.
  void append(const RawBlock& block, std::string& out);

 private:
  struct Cell {  // a column of the text
    enum Kind : std::uint8_t { feature, label, weight } kind;
    std::size_t index;  // of the feature
  };
  struct Entry {
    std::uint64_t key;
    float value;
  };
  std::string label_text(float label) const;
  void load(const tensor::Batch& batch, std::size_t row);
  void append_loaded(const std::string& label, float weight,
                     std::string& out) const;

  const Schema schema_;
  const bool weighted_;
  std::vector<Cell> cells_;
  std::vector<double> x_;       // the row's columns, raw
  std::vector<Entry> entries_;  // the row's entries, by key
};

// A field as RFC 4180 wants it.
std::string csv_field(std::string_view text, char delimiter);

}  // namespace psmith::data
