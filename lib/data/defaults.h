// Which model a dataset's labels ask for, when nobody says. Pure; any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "data/schema.h"
#include "model/model.h"

namespace psmith::data {

struct KindGuess {
  model::Kind kind = model::Kind::linear;
  std::string reason;  // "the label has 2 distinct values"
};

// Two distinct values: logistic. Text, or whole numbers with 3 to 100 distinct
// values of at least 10 rows each: softmax. Else linear. Errors (invalid): text
// labels of one value only.
Result<KindGuess> guess_kind(const Schema& schema);

// Whether that is a model of classes: the labels are all there are.
bool has_classes(const Schema& schema);

}  // namespace psmith::data
