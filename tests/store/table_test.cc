#include "store/table.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "base/rng.h"

namespace psmith::store {
namespace {

KnownList list_of(std::vector<std::uint64_t> mixed) {
  const auto size = mixed.size();
  return {std::move(mixed), std::vector<std::uint32_t>(size, Table::kNone)};
}

std::uint32_t add(Table& table, placement::Key key) {
  auto list = list_of({placement::mixed(key)});
  table.find_or_create(list);
  return list.row[0];
}

}  // namespace

TEST_CASE("rows keep their number and place while the table grows", "[store]") {
  Table table(2, 1, 0.5F);
  for (std::uint64_t key = 0; key < 50000; ++key) {
    REQUIRE(table.find(key * 3) == Table::kNone);
    const auto row = add(table, key * 3);
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
    const auto row = add(table, key);
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

TEST_CASE("a list finds the rows that are there and creates the others",
          "[store]") {
  Rng rng(3);
  Table table(1, 0, 0);
  std::map<std::uint64_t, std::uint32_t> rows;  // by mixed key
  for (int round = 0; round < 20; ++round) {
    std::set<std::uint64_t> keys;
    // Half of them in one bucket: it grows alone.
    for (int i = 0; i < 2000; ++i) {
      const auto bits = rng.below(20000) << 40;
      keys.insert(i % 2 == 0 ? placement::mixed(bits) : bits >> 8);
    }
    auto list = list_of({keys.begin(), keys.end()});
    table.find(list);
    for (std::size_t i = 0; i < list.size(); ++i) {
      const auto known = rows.find(list.mixed[i]);
      REQUIRE(list.row[i] ==
              (known == rows.end() ? Table::kNone : known->second));
    }
    table.find_or_create(list);
    REQUIRE(list.resolved);
    for (std::size_t i = 0; i < list.size(); ++i) {
      REQUIRE(placement::mixed(table.key_of(list.row[i])) == list.mixed[i]);
      rows[list.mixed[i]] = list.row[i];
    }
    REQUIRE(table.size() == rows.size());
  }
}

TEST_CASE("a key twice in a list has one row", "[store]") {
  Table table(1, 0, 0);
  auto list = list_of({placement::mixed(4), placement::mixed(4)});
  table.find_or_create(list);
  REQUIRE(list.row[0] == list.row[1]);
  REQUIRE(table.size() == 1);
}

}  // namespace psmith::store
