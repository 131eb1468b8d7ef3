#include "data/defaults.h"

#include <catch2/catch.hpp>

namespace psmith::data {
namespace {

Schema numbers(std::initializer_list<double> values, std::uint64_t rows) {
  Schema schema;
  for (const double v : values) {
    schema.label_values.push_back({std::to_string(v), v, rows});
  }
  return schema;
}

}  // namespace

TEST_CASE("the label asks for its model", "[data]") {
  REQUIRE(guess_kind(numbers({0, 1}, 3))->kind == model::Kind::logistic);
  REQUIRE(guess_kind(numbers({-1.5, 7}, 3))->kind == model::Kind::logistic);
  REQUIRE(guess_kind(numbers({1, 2, 3}, 10))->kind == model::Kind::softmax);
  REQUIRE(guess_kind(numbers({1, 2, 3}, 9))->kind == model::Kind::linear);
  REQUIRE(guess_kind(numbers({1, 2.5, 3}, 10))->kind == model::Kind::linear);
  REQUIRE(guess_kind(numbers({4}, 10))->kind == model::Kind::linear);
  REQUIRE(guess_kind(numbers({}, 0))->kind == model::Kind::linear);
  Schema text;
  text.label_text = true;
  text.label_values = {{"a", 0, 1}, {"b", 1, 1}, {"c", 2, 1}};
  REQUIRE(guess_kind(text)->kind == model::Kind::softmax);
  text.label_values.pop_back();
  auto guess = guess_kind(text);
  REQUIRE(guess->kind == model::Kind::logistic);
  REQUIRE(guess->reason == "the label has two values, 'a' and 'b'");
  text.label_values.pop_back();
  REQUIRE(guess_kind(text).error().message ==
          "every row has the same label 'a'\n"
          "hint: --label names the label column");
}

TEST_CASE("over 100 whole numbers are a quantity", "[data]") {
  Schema schema;
  for (int i = 0; i < 101; ++i) {
    schema.label_values.push_back({std::to_string(i), double(i), 50});
  }
  REQUIRE(guess_kind(schema)->kind == model::Kind::linear);
  schema.label_values.pop_back();
  REQUIRE(guess_kind(schema)->kind == model::Kind::softmax);
}

}  // namespace psmith::data
