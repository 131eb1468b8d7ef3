#include "data/raw.h"

#include <catch2/catch.hpp>
#include <set>

namespace psmith::data {

TEST_CASE("rolling back leaves whole rows only", "[data]") {
  RawBlock block;
  block.label = {1};
  block.index = {3, 5};
  block.value = {1, 2};
  block.row_begin = {0, 2};
  block.row_count = 1;
  block.label.push_back(2);
  block.index.push_back(7);
  block.value.push_back(4);
  block.roll_back();
  REQUIRE(block.label == std::vector<float>{1});
  REQUIRE(block.index == std::vector<std::uint64_t>{3, 5});
  REQUIRE(block.value == std::vector<float>{1, 2});
  block.clear();
  REQUIRE(block.row_begin == std::vector<std::uint64_t>{0});
  REQUIRE(block.row_count == 0);
}

TEST_CASE("every kind of fault has its own name", "[data]") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    names.insert(name_of(static_cast<Fault>(i)));
  }
  REQUIRE(names.size() == kFaultCount);
}

}  // namespace psmith::data
