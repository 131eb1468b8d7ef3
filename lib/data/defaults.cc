#include "data/defaults.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "data/number.h"

namespace psmith::data {
namespace {

constexpr std::size_t kClassMax = 100;
constexpr std::uint64_t kRowsMin = 10;  // of each class

}  // namespace

Result<KindGuess> guess_kind(const Schema& schema) {
  const auto& values = schema.label_values;
  const auto count = values.size();
  if (count == 2) {
    return KindGuess{
        model::Kind::logistic,
        format("the label has two values, {} and {}", in_quotes(values[0].name),
               in_quotes(values[1].name))};
  }
  if (schema.label_text) {
    if (count < 2) {
      return error(Code::invalid,
                   "every row has the same label{}\nhint: --label names the "
                   "label column",
                   count == 1 ? " " + in_quotes(values[0].name) : "");
    }
    return KindGuess{model::Kind::softmax,
                     format("the label is text with {} values", count)};
  }
  if (count == 0) {
    return KindGuess{
        model::Kind::linear,
        format("the label has more than {} distinct values", kLabelValueMax)};
  }
  const bool whole =
      std::all_of(values.begin(), values.end(),
                  [](const auto& v) { return std::trunc(v.value) == v.value; });
  const bool enough =
      std::all_of(values.begin(), values.end(),
                  [](const auto& v) { return v.rows >= kRowsMin; });
  if (whole && enough && count >= 3 && count <= kClassMax) {
    return KindGuess{model::Kind::softmax,
                     format("the label is one of {} whole numbers", count)};
  }
  return KindGuess{model::Kind::linear,
                   format("the label is a number with {} distinct value{}",
                          count, count == 1 ? "" : "s")};
}

bool has_classes(const Schema& schema) {
  auto guess = guess_kind(schema);
  return guess.ok() && guess->kind != model::Kind::linear;
}

}  // namespace psmith::data
