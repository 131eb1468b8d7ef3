#include "data/raw.h"

#include <array>

namespace psmith::data {

std::string_view name_of(Fault fault) {
  constexpr std::array<std::string_view, kFaultCount> kNames = {
      "label", "number", "range",  "index", "order", "fields",
      "empty", "quote",  "weight", "nul",   "length"};
  return kNames[static_cast<std::size_t>(fault)];
}

void RawBlock::clear() {
  row_count = record_count = 0;
  label.clear();
  label_text.clear();
  weight.clear();
  x.clear();
  row_begin.assign(1, 0);
  index.clear();
  value.clear();
  bad.clear();
  text.clear();
  text_begin.assign(1, 0);
}

void RawBlock::roll_back() {
  const auto cut = [](auto& values, std::size_t size) {
    if (values.size() > size) values.resize(size);
  };
  cut(label, row_count);
  cut(label_text, row_count);
  cut(weight, row_count);
  cut(x, row_count * column_count);
  cut(row_begin, row_count + 1);
  cut(index, row_begin.back());
  cut(value, row_begin.back());
}

}  // namespace psmith::data
