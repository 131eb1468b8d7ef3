#include "data/spool.h"

#include <catch2/catch.hpp>
#include <string>

#include "tests/support/temp_dir.h"

namespace psmith::data {
namespace {

std::string drained(Spool& spool) {
  std::string out;
  const auto done = spool.drain([&](ByteView bytes) -> Status {
    out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return Done{};
  });
  REQUIRE(done.ok());
  return out;
}

}  // namespace

TEST_CASE("a spool gives back what was appended", "[data]") {
  const support::TempDir dir;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, kSpoolMemory - 1, kSpoolMemory,
        kSpoolMemory + 1, 5 * kSpoolMemory + 3}) {
    Spool spool(dir.path());
    std::string expected;
    while (expected.size() < size) {
      const auto n = std::min<std::size_t>(size - expected.size(), 1001);
      const std::string piece(n, static_cast<char>(expected.size() % 251));
      REQUIRE(spool.append(as_bytes(piece)).ok());
      expected += piece;
    }
    REQUIRE(spool.size() == size);
    REQUIRE(drained(spool) == expected);
    REQUIRE(dir.entry_count() == 0);
  }
}

TEST_CASE("a folder that is gone is an error", "[data]") {
  Spool spool("/nonexistent");
  REQUIRE(spool.append(as_bytes("x")).ok());
  auto done = spool.append(as_bytes(std::string(kSpoolMemory, 'x')));
  REQUIRE_FALSE(done.ok());
  REQUIRE(done.error().message.find("/nonexistent") != std::string::npos);
}

}  // namespace psmith::data
