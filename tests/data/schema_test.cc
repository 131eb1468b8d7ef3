#include "data/schema.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/rng.h"
#include "data/schema_json.h"
#include "tests/support/damage.h"

namespace psmith::data {
namespace {

Schema dense_example() {
  Schema schema;
  schema.format = Format::csv;
  schema.delimiter = '\t';
  schema.header = true;
  schema.columns = {{"age", 38.58164675532078, 13.640432553581146},
                    {"caf\xe9 \"q\"", -1e-300, 5e-324},
                    {"", 0.1, 1}};
  schema.label = "income";
  schema.weight = "w";
  schema.ignored = {"id", "\xff"};
  schema.label_text = true;
  schema.label_mean = 3.5;
  schema.label_scale = 2.25;
  schema.label_values = {{"<=50K", 0, 24720}, {">50K", 1, 7841}};
  return schema;
}

Result<Schema> schema_from_json(std::string_view text) {
  PSM_TRY(const auto json, file::parse_json(text));
  return schema_of_json(json);
}

std::string schema_refusal(const std::string& text) {
  auto schema = schema_from_json(text);
  if (schema) return "";
  REQUIRE(schema.error().code == Code::corrupt);
  return schema.error().message;
}

// The example's JSON with one piece of text exchanged.
std::string schema_with(const std::string& from, const std::string& to) {
  auto text = to_json(dense_example());
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a schema comes back from json to the bit", "[data]") {
  const auto dense = dense_example();
  REQUIRE(schema_from_json(to_json(dense)).value(1) == dense);
  Schema sparse;
  sparse.label_values = {{"-1", -1, 3}, {"0.1", 0.1, 1}, {"1", 1, 4}};
  REQUIRE(schema_from_json(to_json(sparse)).value(1) == sparse);
  REQUIRE(to_json(sparse) == to_json(sparse));
}

TEST_CASE("random scales and means come back to the bit", "[data]") {
  Rng rng(3);
  auto schema = dense_example();
  schema.columns.clear();
  while (schema.columns.size() < 1000) {
    const auto mean = std::bit_cast<double>(rng.next());
    const auto scale = std::abs(std::bit_cast<double>(rng.next()));
    if (!std::isfinite(mean) || !std::isfinite(scale) || scale == 0) continue;
    schema.columns.push_back({"c", mean, scale});
  }
  REQUIRE(schema_from_json(to_json(schema)).value(1) == schema);
}

TEST_CASE("a wrong field of a schema is named", "[data]") {
  REQUIRE(schema_refusal("[]") == "schema is not an object");
  REQUIRE(schema_refusal("{") == "not valid JSON at byte 2");
  REQUIRE(schema_refusal(schema_with("\"header\":true", "\"header\":1")) ==
          "schema: 'header' is not true or false");
  REQUIRE(schema_refusal(schema_with("\"header\":true,", "")) ==
          "schema: 'header' is missing");
  REQUIRE(schema_refusal(schema_with("\"header\"", "\"x\":1,\"header\"")) ==
          "schema: 'x' is not a known name");
  REQUIRE(schema_refusal(schema_with("\"csv\"", "\"xml\"")) ==
          "schema: 'format' is neither libsvm nor csv");
  REQUIRE(schema_refusal(schema_with("\"\\t\"", "\"ab\"")) ==
          "schema: 'delimiter' is not one byte");
  REQUIRE(schema_refusal(schema_with("13.640432553581146", "0")) ==
          "schema: column 1: 'scale' is not above 0");
  REQUIRE(schema_refusal(schema_with("13.640432553581146", "null")) ==
          "schema: column 1: 'scale' is not a finite number");
  REQUIRE(schema_refusal(schema_with("24720", "-1")) ==
          "schema: label value 1: 'rows' is not a whole number in range");
  REQUIRE(schema_refusal(schema_with("\"value\":1.0", "\"value\":2.0")) ==
          "schema: label value 2: 'value' is not its index in the list");
  REQUIRE(schema_refusal(schema_with("<=50K", ">>")) ==
          "schema: label value 2: 'name' does not sort after the one before");
  REQUIRE(schema_refusal(schema_with("\"csv\"", "\"libsvm\"")) ==
          "schema: 'columns' is not empty but the format is libsvm");
}

TEST_CASE("mangled schemas end in a value or an error", "[data]") {
  const auto whole = to_json(dense_example());
  support::each_truncation(whole, [](const std::string& damaged) {
    REQUIRE_FALSE(schema_refusal(damaged).empty());
  });
  support::each_flipped_bit(
      whole, [](const std::string& damaged) { schema_refusal(damaged); });
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    Rng rng(seed);
    schema_refusal(support::mangled(whole, rng));
  }
}

}  // namespace psmith::data
