#include "data/spool.h"

#include <malloc.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

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
    for (const std::size_t piece_max : {std::size_t{1001}, 3 * kSpoolMemory}) {
      Spool spool(dir.path());
      std::string expected;
      while (expected.size() < size) {
        const auto n = std::min(size - expected.size(), piece_max);
        const std::string piece(n, static_cast<char>(expected.size() % 251));
        REQUIRE(spool.append(as_bytes(piece)).ok());
        expected += piece;
      }
      REQUIRE(spool.size() == size);
      REQUIRE(drained(spool) == expected);
      REQUIRE(dir.entry_count() == 0);
    }
  }
}

TEST_CASE("a long piece passes through without staying in memory", "[data]") {
  const support::TempDir dir;
  const std::string piece(std::size_t{1} << 20, 'x');
  std::vector<Spool> spools;
  for (int i = 0; i < 64; ++i) spools.emplace_back(dir.path());
  const auto in_use = [] {
    const auto heap = ::mallinfo2();
    return heap.uordblks + heap.hblkhd;
  };
  const auto before = in_use();
  for (auto& spool : spools) {
    REQUIRE(spool.append(as_bytes("x")).ok());
    REQUIRE(spool.append(as_bytes(piece)).ok());
  }
  REQUIRE(in_use() < before + 64 * (kSpoolMemory + 1024));
  REQUIRE(drained(spools[0]) == "x" + piece);
}

TEST_CASE("spools share memory until there is none", "[data]") {
  const support::TempDir dir;
  SpoolMemory memory(3 * kSpoolMemory);
  const std::string long_text(10 * kSpoolMemory + 7, 'a');
  for (int round = 0; round < 3; ++round) {
    Spool first("/nonexistent", &memory);  // needs no file
    const std::string text(4 * kSpoolMemory, static_cast<char>('b' + round));
    REQUIRE(first.append(as_bytes(text)).ok());
    Spool second("/nonexistent", &memory);
    REQUIRE_FALSE(second.append(as_bytes(long_text)).ok());
    Spool third(dir.path(), &memory);
    REQUIRE(third.append(as_bytes(long_text)).ok());
    REQUIRE(third.append(as_bytes(text)).ok());
    REQUIRE(drained(first) == text);
    // What it had in memory is free again.
    Spool fourth("/nonexistent", &memory);
    REQUIRE(fourth.append(as_bytes(text)).ok());
    REQUIRE(drained(fourth) == text);
    REQUIRE(drained(third) == long_text + text);
  }
}

TEST_CASE("a folder that is gone is an error", "[data]") {
  Spool spool("/nonexistent");
  REQUIRE(spool.append(as_bytes("x")).ok());
  auto done = spool.append(as_bytes(std::string(kSpoolMemory, 'x')));
  REQUIRE_FALSE(done.ok());
  REQUIRE(done.error().message.starts_with(
      "cannot create a temporary file in /nonexistent: "));
}

}  // namespace psmith::data
