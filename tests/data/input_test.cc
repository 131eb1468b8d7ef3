#include "data/input.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "tests/data/compress.h"
#include "tests/support/temp_dir.h"

namespace psmith::data {
namespace {

using support::TempDir;
using support::write_text;

// All of it, or the error's message.
std::string content(const std::filesystem::path& path) {
  auto input = Input::open(path.string());
  if (!input) return input.error().message;
  std::string out, piece(999, '\0');
  while (true) {
    auto count = (*input)->read(piece);
    if (!count) return count.error().message;
    if (*count == 0) return out;
    out.append(piece, 0, *count);
  }
}

}  // namespace

TEST_CASE("an input is read whole, compressed or not", "[data]") {
  const TempDir dir;
  std::string text;
  for (int i = 0; i < 100000; ++i) text += std::to_string(i * 7919) + "\n";
  for (const auto kind :
       {Compression::none, Compression::gzip, Compression::zstd}) {
    write_text(dir / "in", tests::compressed(kind, text));
    REQUIRE(content(dir / "in") == text);
  }
  for (const auto* tiny : {"", "a", "\x1f"}) {
    write_text(dir / "in", tiny);
    REQUIRE(content(dir / "in") == tiny);
  }
}

TEST_CASE("a truncated input names the file and the byte", "[data]") {
  const TempDir dir;
  const auto packed = tests::gzipped(std::string(100000, 'x') + "tail");
  const auto path = (dir / "in.gz").string();
  write_text(path, packed.substr(0, 60));
  REQUIRE(content(path) == path +
                               ": byte 61: the gzip data ends in the middle "
                               "of a stream\nhint: the file is truncated; "
                               "fetch it again");
  write_text(path, packed + "garbage");
  REQUIRE(content(path).starts_with(path + ": byte " +
                                    std::to_string(packed.size() + 1) +
                                    ": damaged gzip data"));
}

TEST_CASE("a missing input and a folder are refused with 66", "[data]") {
  const TempDir dir;
  auto missing = Input::open((dir / "no").string());
  REQUIRE(missing.error().message == (dir / "no").string() + ": no such file");
  REQUIRE(exit_status(missing.error()) == 66);
  auto folder = Input::open(dir.path().string());
  REQUIRE(folder.error().message ==
          dir.path().string() +
              ": is a directory, not a file\nhint: name the files in it");
  REQUIRE(exit_status(folder.error()) == 66);
  support::write_text(dir / "manifest.json", "{}");
  REQUIRE(Input::open(dir.path().string()).error().message ==
          dir.path().string() +
              ": is a dataset, not a file\nhint: a dataset is given alone; "
              "psdata cat prints its rows");
}

TEST_CASE("a stop ends the reading", "[data]") {
  const TempDir dir;
  write_text(dir / "in", "text");
  bool stop = false;
  auto input = Input::open((dir / "in").string(), [&] { return stop; });
  REQUIRE(input.ok());
  std::string piece(10, '\0');
  REQUIRE(*(*input)->read(piece) == 4);
  stop = true;
  auto more = (*input)->read(piece);
  REQUIRE_FALSE(more.ok());
  REQUIRE(more.error().message == "interrupted");
}

TEST_CASE("a stop ends a reading that waits for a silent pipe", "[data]") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  int asked = 0;
  // The third question comes while the pipe is silent; no signal helps.
  auto input = Input::open("/dev/fd/" + std::to_string(ends[0]),
                           [&] { return ++asked > 2; });
  REQUIRE(input.ok());
  std::string piece(10, '\0');
  auto more = (*input)->read(piece);
  REQUIRE_FALSE(more.ok());
  REQUIRE(more.error().message == "interrupted");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("a wait may be long", "[data]") {
  const TempDir dir;
  write_text(dir / "in", "text");
  auto input = Input::open((dir / "in").string());
  REQUIRE((*input)->ready(std::chrono::hours(24 * 365)));
}

TEST_CASE("a full file system is I/O trouble, bad data is not", "[data]") {
  REQUIRE(exit_status({Code::exhausted, ""}) == 74);
  REQUIRE(exit_status({Code::unavailable, ""}) == 74);
  REQUIRE(exit_status({Code::conflict, ""}) == 73);
  REQUIRE(exit_status({Code::corrupt, ""}) == 65);
  REQUIRE(exit_status({Code::invalid, ""}) == 65);
}

}  // namespace psmith::data
