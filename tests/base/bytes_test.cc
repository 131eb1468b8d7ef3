#include "base/bytes.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace psmith;

TEST_CASE("an aligned blob is read where it is, another by a copy", "[base]") {
  const std::vector<std::uint32_t> numbers{1, 2, 0xffffffff};
  const auto blob = Blob::of(numbers);
  const Values<std::uint32_t> in_place(blob);
  REQUIRE(static_cast<const void*>(in_place.span().data()) ==
          blob.bytes().data());
  REQUIRE(std::ranges::equal(in_place.span(), numbers));

  std::vector<std::byte> bytes(1);
  bytes.insert(bytes.end(), blob.bytes().begin(), blob.bytes().end());
  const auto longer = Blob::of(std::move(bytes));
  const Values<std::uint32_t> copy(
      Blob(longer.owner(), longer.bytes().subspan(1)));
  REQUIRE(std::ranges::equal(copy.span(), numbers));
}

TEST_CASE("values leave out a tail, and nothing has none", "[base]") {
  const auto blob = Blob::of(std::vector<std::byte>(11));
  REQUIRE(Values<std::uint32_t>(blob).span().size() == 2);
  REQUIRE(Values<std::uint64_t>(Blob()).span().empty());
}

TEST_CASE("values keep the memory of their blob", "[base]") {
  auto owner = std::make_shared<const std::vector<float>>(2, 7.0F);
  const std::weak_ptr<const std::vector<float>> watch = owner;
  const auto bytes = std::as_bytes(std::span(*owner));
  {
    const Values<float> values(Blob(std::move(owner), bytes));
    REQUIRE_FALSE(watch.expired());
    REQUIRE(values.span()[1] == 7.0F);
  }
  REQUIRE(watch.expired());
}
