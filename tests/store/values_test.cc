#include "store/values.h"

#include <catch2/catch.hpp>

namespace psmith::store {

TEST_CASE("values of a frame are read in place until something is added",
          "[store]") {
  const auto blob = Blob::of(std::vector<float>{1, 2, 3});
  Values values(blob);
  REQUIRE(static_cast<const void*>(values.data()) == blob.bytes().data());
  values.add({10, 20, 30});
  REQUIRE(values == Values{11, 22, 33});
  REQUIRE(blob.values<float>() == std::vector<float>{1, 2, 3});
  values.add({1, 1, 1});
  REQUIRE(values == Values{12, 23, 34});
}

TEST_CASE("values of a frame that is not aligned are copied", "[store]") {
  std::vector<std::byte> bytes(13);
  const float x[] = {1.5F, -2};
  std::memcpy(bytes.data() + 1, x, sizeof x);
  const auto whole = Blob::of(std::move(bytes));
  REQUIRE(Values(Blob(whole.owner(), whole.bytes().subspan(1, 8))) ==
          Values{1.5F, -2});
}

TEST_CASE("moved and copied values keep their floats", "[store]") {
  Values a{1, 2};
  const Values copy = a;
  const Values moved = std::move(a);
  REQUIRE(copy == moved);
  REQUIRE(copy.data() != moved.data());
  REQUIRE(a.size() == 0);
  a = copy;
  REQUIRE(a == Values{1, 2});
}

}  // namespace psmith::store
