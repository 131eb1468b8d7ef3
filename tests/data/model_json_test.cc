#include "data/model_json.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/rng.h"
#include "tests/support/damage.h"
#include "tests/support/dataset.h"

namespace psmith::data {
namespace {

SavedModel example_model() {
  SavedModel model;
  model.schema = support::dense_schema(2);
  model.settings = {model::Kind::softmax, true, 2, 3};
  model.classes = {"a", "b\xff", "c\"\\\n"};
  model.facts = {{"loss", "0.25"}, {"digest", "\"digest\":\"x"}};
  return model;
}

std::string header_refusal(const std::string& text) {
  auto model = from_header_json(text);
  if (model) return "";
  REQUIRE(model.error().code == Code::corrupt);
  return model.error().message;
}

std::string header_with(const std::string& from, const std::string& to) {
  auto text = header_json(example_model());
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a model's header comes back without its weights", "[data]") {
  const auto read = from_header_json(header_json(example_model())).value(1);
  REQUIRE(read.schema == example_model().schema);
  REQUIRE(read.classes == example_model().classes);
  REQUIRE(read.facts == example_model().facts);
  REQUIRE(read.settings.kind == model::Kind::softmax);
  REQUIRE(read.settings.class_count == 3);
  REQUIRE(read.dense.empty());
  REQUIRE(header_json(read) == header_json(example_model()));
}

TEST_CASE("a header that contradicts itself is refused", "[data]") {
  REQUIRE(header_refusal(header_with("softmax", "magic")) ==
          "model header: settings: 'kind' is no model that this build knows");
  REQUIRE(header_refusal(header_with("softmax", "linear")) ==
          "model header: 'class_count' does not fit the kind of model");
  REQUIRE(
      header_refusal(header_with("\"column_count\":2", "\"column_count\":3")) ==
      "model header: 'column_count' is not the number of the schema's "
      "columns");
  REQUIRE(header_refusal(header_with("\"dense\":true", "\"dense\":false")) ==
          "model header: 'dense' does not agree with the schema's format");
  REQUIRE(header_refusal(header_with("\"a\",", "")) ==
          "model header: 'classes' does not fit the kind of model");
  REQUIRE(header_refusal(header_with("\"0.25\"", "0.25")) ==
          "model header: fact 'loss' is not text");
  REQUIRE(header_refusal(header_with("\"facts\"", "\"fakts\"")) ==
          "model header: 'facts' is missing");
  REQUIRE(header_refusal("") == "model header: not valid JSON at byte 1");
}

TEST_CASE("mangled headers end in a value or an error", "[data]") {
  const auto whole = header_json(example_model());
  support::each_truncation(whole, [](const std::string& damaged) {
    REQUIRE_FALSE(header_refusal(damaged).empty());
  });
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    Rng rng(seed);
    header_refusal(support::mangled(whole, rng));
  }
}

}  // namespace psmith::data
