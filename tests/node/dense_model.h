// A small dense model, for the tests of what answers with models.
#pragma once

#include <cstdint>

#include "data/saved_model.h"

namespace psmith::node {

// Dense softmax with 3 columns and 2 classes; the seed moves its weights.
inline data::SavedModel dense_model(std::uint64_t seed = 1) {
  data::SavedModel saved;
  saved.settings = {.kind = model::Kind::softmax,
                    .dense = true,
                    .column_count = 3,
                    .class_count = 2};
  saved.schema.format = data::Format::csv;
  saved.schema.columns = {{"a", 0, 1}, {"b", 0, 1}, {"c", 0, 1}};
  saved.classes = {"no", "yes"};
  const auto s = static_cast<float>(seed);
  saved.dense = {{s, 2, 3, 4, 5, 6}, {0.5F, -0.5F}};
  return saved;
}

}  // namespace psmith::node
