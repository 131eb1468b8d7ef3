#include "store/table.h"

#include <catch2/catch.hpp>

#include "base/rng.h"

namespace psmith::store {

TEST_CASE("rows keep their number and place while the table grows", "[store]") {
  Table table(2, 1, 0.5F);
  for (std::uint64_t key = 0; key < 50000; ++key) {
    REQUIRE(table.find(key * 3) == Table::kNone);
    const auto row = table.find_or_create(key * 3);
    REQUIRE(row == key);
    REQUIRE(table.weight(row)[0] == 0);
    REQUIRE(table.slot(row, 0)[1] == 0.5F);
    table.weight(row)[1] = static_cast<float>(key);
  }
  for (std::uint64_t key = 0; key < 50000; ++key) {
    const auto row = table.find(key * 3);
    REQUIRE(row == key);
    REQUIRE(table.key_of(row) == key * 3);
    REQUIRE(table.weight(row)[1] == static_cast<float>(key));
  }
  REQUIRE(table.find(1) == Table::kNone);
  REQUIRE(table.size() == 50000);
}

TEST_CASE("a wide table's weights stay when its slots go", "[store]") {
  Table table(100000, 3, 1.0F);  // over a slab's 1 MiB: a row a slab
  for (std::uint64_t key = 0; key < 5; ++key) {
    const auto row = table.find_or_create(key);
    table.weight(row)[99999] = static_cast<float>(key);
    REQUIRE(table.slot(row, 2)[99999] == 1);
  }
  table.drop_slots();
  REQUIRE(table.slot_count() == 0);
  for (std::uint32_t row = 0; row < 5; ++row) {
    REQUIRE(table.weight(row)[99999] == static_cast<float>(row));
    REQUIRE(table.weight(row)[0] == 0);
  }
}

}  // namespace psmith::store
