#include "data/row_store.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/rng.h"
#include "tests/support/temp_dir.h"

namespace psmith::data {
namespace {

struct Row {
  std::uint64_t sort_key;
  std::uint32_t label;
  std::vector<double> x;
  std::vector<std::uint64_t> index;
  std::vector<float> value;
  bool operator==(const Row&) const = default;
};

std::vector<Row> random_rows(bool dense, std::size_t count) {
  Rng rng(7);
  std::vector<Row> rows;
  for (std::size_t i = 0; i < count; ++i) {
    Row row{.sort_key = rng.next(),
            .label = static_cast<std::uint32_t>(i),
            .x = {},
            .index = {},
            .value = {}};
    const auto size = dense ? 5 : rng.below(6);
    std::uint64_t index = 0;
    for (std::uint64_t j = 0; j < size; ++j) {
      index += 1 + (rng.next() >> rng.below(64)) % (1ULL << 60);
      if (dense) {
        row.x.push_back(rng.normal());
      } else {
        row.index.push_back(index);
        row.value.push_back(static_cast<float>(rng.normal()));
      }
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<Row> through_store(const std::vector<Row>& rows,
                               RowStoreOptions options) {
  RowStore store(options);
  for (const auto& row : rows) {
    REQUIRE(store
                .add({.sort_key = row.sort_key,
                      .label = row.label,
                      .weight = 0.5F,
                      .x = row.x,
                      .index = row.index,
                      .value = row.value})
                .ok());
  }
  REQUIRE(store.row_count() == rows.size());
  std::vector<Row> out;
  REQUIRE(store
              .drain([&](const StoredRow& row) -> Status {
                REQUIRE(row.weight == 0.5F);
                out.push_back({row.sort_key,
                               row.label,
                               {row.x.begin(), row.x.end()},
                               {row.index.begin(), row.index.end()},
                               {row.value.begin(), row.value.end()}});
                return Done{};
              })
              .ok());
  return out;
}

}  // namespace

TEST_CASE("rows come back by sort key, whatever the memory", "[data]") {
  const support::TempDir dir;
  for (const bool dense : {true, false}) {
    const auto rows = random_rows(dense, 20000);
    auto expected = rows;
    std::sort(expected.begin(), expected.end(), [](const Row& a, const Row& b) {
      return a.sort_key < b.sort_key;
    });
    for (const std::uint64_t memory : {1ULL << 10, 1ULL << 14, 1ULL << 26}) {
      const auto out = through_store(
          rows, {.folder = dir.path(), .ordered = false, .memory = memory});
      REQUIRE(out == expected);
    }
  }
  REQUIRE(dir.entry_count() == 0);
}

TEST_CASE("ordered rows come back as they came", "[data]") {
  const support::TempDir dir;
  const auto rows = random_rows(false, 5000);
  REQUIRE(through_store(
              rows, {.folder = dir.path(), .ordered = true, .memory = 1024}) ==
          rows);
}

TEST_CASE("equal sort keys keep their order", "[data]") {
  const support::TempDir dir;
  auto rows = random_rows(true, 500);
  for (auto& row : rows) row.sort_key = 3;
  REQUIRE(through_store(
              rows, {.folder = dir.path(), .ordered = false, .memory = 64}) ==
          rows);
}

}  // namespace psmith::data
