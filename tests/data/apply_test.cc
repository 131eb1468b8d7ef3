#include "data/apply.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>

#include "base/rng.h"

namespace psmith::data {

TEST_CASE("dense rows are standardised in double", "[data]") {
  Schema schema;
  schema.format = Format::csv;
  schema.columns = {{"a", 1e9, 0.5}, {"b", 0, 1}};
  RawBlock block;
  block.dense = true;
  block.column_count = 2;
  block.row_count = 2;
  block.x = {1e9 + 0.25, 7, 1e9 - 1, 8};
  block.weight = {2, 3};
  BatchBuffer buffer;
  apply(schema, block, 0, 2, buffer);
  const auto batch = buffer.batch();
  REQUIRE(batch.dense());
  REQUIRE(batch.row_count == 2);
  REQUIRE(std::vector(batch.x.begin(), batch.x.end()) ==
          std::vector<float>{0.5F, 7, -2, 8});
  REQUIRE(batch.label.empty());
  REQUIRE(batch.weight_of(1) == 3);
}

TEST_CASE("what does not fit a float is held at its ends", "[data]") {
  const std::vector<Column> columns = {{"a", 0, 1e-40}, {"b", 1, 1e-40}};
  const std::vector<double> raw = {3e38, -3e38};
  std::vector<float> out(2);
  standardise(columns, raw, out);
  REQUIRE(out == std::vector<float>{std::numeric_limits<float>::max(),
                                    std::numeric_limits<float>::lowest()});
}

TEST_CASE("many rows are standardised as one is", "[data]") {
  Rng rng(3);
  for (const std::size_t d : {1U, 4U, 13U}) {
    std::vector<Column> columns;
    for (std::size_t i = 0; i < d; ++i) {
      const double scale = i % 5 == 3 ? 1e-40 : 0.1 + rng.uniform();
      columns.push_back({"c", rng.normal(), scale});
    }
    std::vector<double> raw(d * 50);
    for (auto& x : raw) x = rng.normal() * (rng.below(9) == 0 ? 1e38 : 1);
    std::vector<float> rows(raw.size() + 1, 7), row(d);
    standardise_rows(columns, raw, rows);
    REQUIRE(rows.back() == 7);
    for (std::size_t at = 0; at < raw.size(); at += d) {
      standardise(columns, std::span(raw).subspan(at, d), row);
      REQUIRE(std::equal(row.begin(), row.end(),
                         rows.begin() + static_cast<std::ptrdiff_t>(at)));
    }
  }
}

TEST_CASE("sparse rows share one sorted key list", "[data]") {
  RawBlock block;
  block.row_count = 3;
  block.label = {1, 0, 1};
  block.index = {9, 5, 7, 5, 9};
  block.value = {4, 1, 1, 1, 1};
  block.row_begin = {0, 1, 3, 5};
  BatchBuffer buffer;
  apply({}, block, 1, 3, buffer);
  auto batch = buffer.batch();
  REQUIRE(batch.row_count == 2);
  REQUIRE(batch.key.size() == 3);
  REQUIRE(batch.value.empty());  // all are 1
  for (std::size_t i = 1; i < batch.key.size(); ++i) {
    REQUIRE(placement::mixed_less(batch.key[i - 1], batch.key[i]));
  }
  REQUIRE(batch.row_begin[2] == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    REQUIRE(batch.key[batch.local[i]] == block.index[i + 1]);
  }
  apply({}, block, 0, 1, buffer);
  batch = buffer.batch();
  REQUIRE(batch.value[0] == 4);
  REQUIRE(batch.label[0] == 1);
}

}  // namespace psmith::data
