#include "base/mapped.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>

#include "base/path.h"
#include "tests/support/temp_dir.h"

namespace psmith {
namespace {

struct Fixture {
  support::TempDir dir;
  std::filesystem::path path = dir.path() / "file";
  Blob bytes;

  Fixture() {
    const std::string text(3 * 4096 + 5, 'x');
    REQUIRE(write_file(path, as_bytes(text)).ok());
    bytes = map_file(path).value(1);
  }
  void poke(char value) const {
    const int fd = ::open(path.c_str(), O_WRONLY);
    REQUIRE(::pwrite(fd, &value, 1, 5000) == 1);
    REQUIRE(::close(fd) == 0);
    // Clocks of file systems are coarse: make it another time for sure.
    std::filesystem::last_write_time(
        path, std::filesystem::last_write_time(path) + std::chrono::seconds(3));
  }
  std::byte at(std::size_t i) const { return bytes.bytes()[i]; }
};

}  // namespace

TEST_CASE("a mapped file that nobody touches is the same", "[base]") {
  const Fixture f;
  REQUIRE(f.at(5000) == std::byte{'x'});
  REQUIRE(mapped_state(f.bytes.bytes()) == MappedState::same);
  REQUIRE(mapped_state(f.bytes.bytes().subspan(5000)) == MappedState::same);
  REQUIRE(mapped_state(as_bytes(std::string("elsewhere"))) ==
          MappedState::same);
}

TEST_CASE("what is written to a mapped file is noticed", "[base]") {
  const Fixture f;
  f.poke('y');
  REQUIRE(mapped_state(f.bytes.bytes()) == MappedState::written);
  accept_written(f.bytes.bytes());
  REQUIRE(mapped_state(f.bytes.bytes()) == MappedState::same);
}

TEST_CASE("a file that was replaced or removed is the old one here", "[base]") {
  const Fixture f;
  SECTION("replaced") {
    REQUIRE(write_file(f.path, as_bytes(std::string("new"))).ok());
  }
  SECTION("removed") { std::filesystem::remove(f.path); }
  REQUIRE(mapped_state(f.bytes.bytes()) == MappedState::same);
  REQUIRE(f.at(5000) == std::byte{'x'});
}

TEST_CASE("a page that was cut off reads as zeros and is noticed", "[base]") {
  const Fixture f;
  std::filesystem::resize_file(f.path, 4096);
  REQUIRE(f.at(100) == std::byte{'x'});
  REQUIRE(f.at(5000) == std::byte{0});
  REQUIRE(f.at(3 * 4096) == std::byte{0});
  REQUIRE(mapped_state(f.bytes.bytes()) == MappedState::cut);
  SECTION("also when the file has its size again") {
    std::filesystem::resize_file(f.path, 3 * 4096 + 5);
    REQUIRE(mapped_state(f.bytes.bytes()) == MappedState::cut);
  }
}

TEST_CASE("mappings come and go, each with its own state", "[base]") {
  for (int i = 0; i < 20; ++i) {
    const Fixture cut;
    const Fixture whole;
    std::filesystem::resize_file(cut.path, 0);
    REQUIRE(cut.at(0) == std::byte{0});
    REQUIRE(mapped_state(cut.bytes.bytes()) == MappedState::cut);
    REQUIRE(mapped_state(whole.bytes.bytes()) == MappedState::same);
  }
}

}  // namespace psmith
