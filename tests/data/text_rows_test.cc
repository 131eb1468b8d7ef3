#include "data/text_rows.h"

#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "base/rng.h"

namespace psmith::data {

TEST_CASE("a raw value is found again, to the bit of what is stored",
          "[data]") {
  Rng rng(8);
  for (int i = 0; i < 20000; ++i) {
    const Column column{"a", rng.normal() * std::exp(10 * rng.normal()),
                        std::exp(5 * rng.normal())};
    const double x = std::round(rng.normal() * 1000 * column.scale);
    const auto z = static_cast<float>((x - column.mean) / column.scale);
    const double back = raw_value(column, z);
    REQUIRE(static_cast<float>((back - column.mean) / column.scale) == z);
  }
}

TEST_CASE("what was held at the end of the floats comes back so", "[data]") {
  const Column column{"a", 0, 1e-40};
  const float most = std::numeric_limits<float>::max();
  REQUIRE(standardised(column, raw_value(column, most)) == most);
}

TEST_CASE("a label that is no index is printed as it is", "[data]") {
  Schema schema;
  schema.label_text = true;
  schema.label_values = {{"no", 0, 1}, {"yes", 1, 1}};
  const std::vector<float> label = {1, -1e30F, 3e9F};
  const std::vector<std::uint32_t> row_begin = {0, 0, 0, 0};
  tensor::Batch batch;
  batch.row_count = 3;
  batch.label = label;
  batch.row_begin = row_begin;
  TextRows rows(schema, false);
  std::string out;
  for (std::size_t row = 0; row < 3; ++row) rows.append(batch, row, out);
  REQUIRE(out == "yes\n-1e+30\n3e+09\n");
}

TEST_CASE("plain numbers come back plain", "[data]") {
  const Column column{"a", 4.0355, 2.331};
  for (const double x : {0.0, 8.0, 15.0, -3.0, 0.25, 1200.0}) {
    const auto z = static_cast<float>((x - column.mean) / column.scale);
    REQUIRE(raw_value(column, z) == x);
  }
}

TEST_CASE("fields are quoted where they must be", "[data]") {
  REQUIRE(csv_field("plain text", ',') == "plain text");
  REQUIRE(csv_field("a,b", ',') == "\"a,b\"");
  REQUIRE(csv_field("a,b", '\t') == "a,b");
  REQUIRE(csv_field("say \"x\"", ',') == "\"say \"\"x\"\"\"");
  REQUIRE(csv_field(" a", ',') == "\" a\"");
  REQUIRE(csv_field("", ',') == "\"\"");
}

TEST_CASE("columns without a header keep their first order", "[data]") {
  Schema schema;
  schema.format = Format::csv;
  schema.columns = {{.name = "2"}, {.name = "10"}};
  schema.label = std::string(1, '1');
  TextRows rows(schema, false);
  REQUIRE(rows.header().empty());
  RawBlock block;
  block.dense = true;
  block.column_count = 2;
  block.row_count = 1;
  block.x = {0.5, 1e6};
  block.label = {7};
  std::string out;
  rows.append(block, out);
  REQUIRE(out == "7,0.5,1e+06\n");
}

TEST_CASE("sparse rows are printed by index, as text and as JSON", "[data]") {
  const std::vector<float> label = {1};
  const std::vector<std::uint64_t> key = {30, 4, 7};
  const std::vector<std::uint32_t> row_begin = {0, 3}, local = {1, 2, 0};
  const std::vector<float> value = {0.1F, 1, -2e10F};
  tensor::Batch batch;
  batch.row_count = 1;
  batch.label = label;
  batch.key = key;
  batch.row_begin = row_begin;
  batch.local = local;
  batch.value = value;
  TextRows rows({}, false);
  std::string out;
  rows.append(batch, 0, out);
  rows.append_json(batch, 0, out);
  REQUIRE(out ==
          "1 4:0.1 7:1 30:-2e+10\n"
          R"({"schema":"psmith-row-1","label":1,"features":{"4":0.1,"7":1,)"
          R"("30":-2e+10}})"
          "\n");
}

}  // namespace psmith::data
