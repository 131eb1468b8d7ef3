#include "data/row_count.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "base/rng.h"
#include "data/reader.h"
#include "tests/support/temp_dir.h"

namespace psmith::data {
namespace {

using support::TempDir;
using support::write_text;
using Count = std::optional<std::uint64_t>;

Count count_of(const std::vector<std::string>& paths,
               Workers* workers = nullptr) {
  auto count = count_libsvm_rows(paths, workers, {});
  REQUIRE(count.ok());
  return *count;
}

// The page cache of some file systems cannot be asked; nothing is counted then.
bool countable(const TempDir& dir) {
  write_text(dir / "probe", "1 1:1\n");
  const bool known = count_of({(dir / "probe").string()}).has_value();
  if (!known) WARN("this file system does not tell what is cached");
  return known;
}

std::uint64_t rows_read(const std::string& path) {
  ReaderOptions options;
  options.inputs = {path};
  options.format = Format::libsvm;
  options.may_be_empty = true;
  auto reader = Reader::open(options);
  REQUIRE(reader.ok());
  RawBlock block;
  std::uint64_t rows = 0;
  while (true) {
    auto more = (*reader)->next(100, block);
    REQUIRE(more.ok());
    if (!*more) return rows;
    rows += block.row_count;
  }
}

}  // namespace

TEST_CASE("rows are counted as a reader reads them", "[data]") {
  const TempDir dir;
  if (!countable(dir)) return;
  const auto path = (dir / "in").string();
  const std::string pieces[] = {"1 1:2\n",    "\n",          "  \t\n",
                                "# no row\n", " 1 2:3\r\n",  "\r\n",
                                " # none\n",  "0 # one\n",   "\t-1 5:1\n",
                                " \r\n",      "1 9:1 10:2\n"};
  Rng rng(1);
  for (int round = 0; round < 200; ++round) {
    std::string text = round % 3 == 0 ? "\xef\xbb\xbf" : "";
    text += "1 1:1\n";  // so that there is something to read
    for (auto i = rng.below(20); i > 0; --i) text += pieces[rng.below(11)];
    const std::string ends[] = {"", "1 1:1", "  ", "#", "\r", "1 2:2\r"};
    text += ends[rng.below(6)];
    write_text(path, text);
    INFO(text);
    REQUIRE(count_of({path}) == rows_read(path));
  }
}

TEST_CASE("rows of long files are counted once, by any number of threads",
          "[data]") {
  const TempDir dir;
  if (!countable(dir)) return;
  std::string text;
  std::uint64_t rows = 0;
  Rng rng(2);
  while (text.size() < (std::size_t{9} << 20)) {
    const auto length = rng.below(rng.below(100'000) + 1) + 1;
    text += "1 7:" + std::string(length, '0') + "\n";
    ++rows;
  }
  const auto path = (dir / "in").string();
  write_text(path, text);
  Workers workers(3);
  REQUIRE(count_of({path}) == rows);
  REQUIRE(count_of({path, path}, &workers) == 2 * rows);
}

TEST_CASE("rows that cannot be counted cheaply are not", "[data]") {
  const TempDir dir;
  const auto path = (dir / "in").string();
  write_text(path, "1 1:1\n");
  SECTION("standard input") { REQUIRE(count_of({path, "-"}) == Count()); }
  SECTION("no such file") {
    REQUIRE(count_of({path, (dir / "no").string()}) == Count());
  }
  SECTION("a pipe, whose writer is not disturbed") {
    const auto pipe = (dir / "pipe").string();
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    std::jthread writer([&] { write_text(pipe, "1 1:1\n0 1:2\n"); });
    for (int i = 0; i < 1000; ++i) {
      REQUIRE(count_of({path, pipe}) == Count());
    }
    REQUIRE(support::read_text(pipe) == "1 1:1\n0 1:2\n");
  }
  SECTION("compressed") {
    write_text(path, "\x1f\x8b\x08\x00");
    REQUIRE(count_of({path}) == Count());
  }
  SECTION("a line that begins with endless blanks") {
    write_text(path, std::string(200'000, ' ') + "1 1:1\n");
    REQUIRE(count_of({path}) == Count());
  }
}

TEST_CASE("a count can be stopped", "[data]") {
  const TempDir dir;
  if (!countable(dir)) return;
  auto count = count_libsvm_rows({(dir / "probe").string()}, nullptr,
                                 [] { return true; });
  REQUIRE(count.error().message == "interrupted");
}

TEST_CASE("a reader counts where a bad record ends it", "[data]") {
  const TempDir dir;
  if (!countable(dir)) return;
  ReaderOptions options;
  options.inputs = {(dir / "in").string()};
  write_text(dir / "in", "1 1:1\n0 1:2\n");
  REQUIRE(*Reader::open(options).value(1)->row_count().value(1) == 2);
  options.skip_max = 1;
  REQUIRE(Reader::open(options).value(1)->row_count().value(1) == Count());
  options.skip_max = 0;
  write_text(dir / "in", "a,b\n1,2\n3,4\n");
  REQUIRE(Reader::open(options).value(1)->row_count().value(1) == Count());
}

}  // namespace psmith::data
