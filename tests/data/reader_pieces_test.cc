#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "base/rng.h"
#include "data/piece.h"
#include "data/reader.h"
#include "tests/data/compress.h"
#include "tests/data/run_check.h"
#include "tests/support/temp_dir.h"

namespace psmith::data {
namespace {

using support::TempDir;
using support::write_text;

// All that a reader gives, as one block and the bad records beside it.
struct Whole {
  Run run;
  std::vector<std::size_t> blocks;  // records of each
  std::vector<std::string> bad;     // "RECORD message"
  FaultCounts faults{};
  std::string fault;
};

Whole read_whole(const TempDir& dir, ReaderOptions options,
                 std::size_t record_max) {
  Whole out;
  auto reader = Reader::open(std::move(options));
  REQUIRE(reader.ok());
  out.run.block.dense = (*reader)->schema().dense();
  out.run.block.column_count = (*reader)->schema().columns.size();
  RawBlock block;
  std::size_t records = 0;
  while (true) {
    auto more = (*reader)->next(record_max, block);
    if (!more) out.fault = more.error().message;
    if (!more || !*more) break;
    REQUIRE(block.record_count > 0);
    REQUIRE(block.record_count <= record_max);
    for (const auto& bad : block.bad) {
      out.bad.push_back(std::to_string(records + bad.record) + " " +
                        bad.message);
    }
    records += block.record_count;
    out.blocks.push_back(block.record_count);
    auto texts = std::move(block.text_begin);  // one a record, not a row
    block.text_begin.assign(1, 0);
    out.run.block.text += block.text;
    append_rows(block, 0, block.row_count, out.run.block);
    block.text_begin = std::move(texts);
  }
  REQUIRE((*reader)->record_count() >= records);
  out.faults = (*reader)->faults();
  const auto folder = dir.path().string();
  for (auto at = out.fault.find(folder); at != std::string::npos;
       at = out.fault.find(folder)) {
    out.fault.erase(at, folder.size());
  }
  return out;
}

void require_same(const Whole& a, const Whole& b) {
  REQUIRE(a.fault == b.fault);
  REQUIRE(a.bad == b.bad);
  REQUIRE(a.faults == b.faults);
  if (a.fault.empty()) require_same(a.run, b.run);
}

std::string libsvm_text(Rng& rng, std::size_t bytes, std::uint64_t bad) {
  std::string text;
  while (text.size() < bytes) {
    std::string row = std::to_string(rng.below(3));
    std::uint64_t index = 0;
    for (auto n = rng.below(30); n > 0; --n) {
      index += 1 + rng.below(1000);
      row += ' ' + std::to_string(index) + ':' + random_number(rng);
    }
    row += rng.below(8) == 0 ? "\r\n" : "\n";
    if (bad > 0 && rng.below(bad) == 0) mutate(row, "0123456789:. \n#x", rng);
    text += row;
  }
  return text;
}

std::string csv_text(Rng& rng, std::size_t bytes, std::uint64_t bad,
                     std::uint64_t quoted) {
  std::string text = "a,b,c,y\n";
  while (text.size() < bytes) {
    auto row = random_number(rng) + "," + std::to_string(rng.below(100)) + ",";
    const bool quote = quoted > 0 && rng.below(quoted) == 0;
    row += std::to_string(rng.below(9)) + ",";
    row += quote ? "\"tw\n\"\"o\"\"\"" : rng.below(2) == 0 ? "one" : "two";
    row += "\n";
    if (bad > 0 && rng.below(bad) == 0) mutate(row, "0123456789,. \nx", rng);
    text += row;
  }
  return text;
}

}  // namespace

TEST_CASE("any number of threads reads the same", "[data]") {
  const std::uint64_t seed = 3;
  Rng rng(seed);
  for (int i = 0; i < 16; ++i) {
    const TempDir dir;
    const std::uint64_t bad = i % 3 == 0 ? 0 : i % 3 == 1 ? 50 : 3000;
    ReaderOptions options;
    for (int input = 0; input < 1 + i % 2; ++input) {
      const auto bytes = 100000 + rng.below(1500000);
      const auto text = i % 4 < 2
                            ? libsvm_text(rng, bytes, bad)
                            : csv_text(rng, bytes, bad, i % 8 < 4 ? 0 : 9999);
      const auto path = dir / std::to_string(input);
      write_text(path, i % 6 == 5 ? tests::gzipped(text) : text);
      options.inputs.push_back(path.string());
    }
    options.format = i % 4 < 2 ? Format::libsvm : Format::csv;
    options.keep_text = i % 5 < 2;
    options.keep_bad = i % 5 == 1;
    options.skip_max = i % 7 == 0 ? 3 : 1U << 30;
    const std::size_t record_max = i % 3 == 2 ? 100 : 1U << 20;
    const auto one = read_whole(dir, options, record_max);
    for (const unsigned threads : {2U, 5U}) {
      INFO("seed " << seed << " round " << i << " threads " << threads);
      options.threads = threads;
      const auto many = read_whole(dir, options, record_max);
      require_same(one, many);
      if (record_max == 100) REQUIRE(one.blocks == many.blocks);
    }
  }
}

TEST_CASE("blocks of a threaded reader are bounded, whatever the records",
          "[data]") {
  const TempDir dir;
  Rng rng(4);
  write_text(dir / "in", libsvm_text(rng, 6000000, 20));
  ReaderOptions options;
  options.inputs = {(dir / "in").string()};
  options.keep_bad = true;
  options.threads = 2;
  options.block_bytes = 1U << 20;
  const auto out = read_whole(dir, options, std::size_t{1} << 40);
  REQUIRE(out.fault.empty());
  REQUIRE(out.blocks.size() >= 5);
}

TEST_CASE("a threaded reader reads records longer than a piece", "[data]") {
  const TempDir dir;
  std::string text = "1 1:1\n";
  for (int row = 0; row < 3; ++row) {
    text += "1";
    for (int i = 1; i < 100000; ++i) text += " " + std::to_string(i) + ":1";
    text += "\n0 2:2\n";
  }
  text += "1 1:" + std::string(kRecordMax, '0') + "\n1 3:x\n";
  write_text(dir / "in", text);
  ReaderOptions options;
  options.inputs = {(dir / "in").string()};
  options.skip_max = 1;
  const auto one = read_whole(dir, options, 1000);
  options.threads = 3;
  const auto many = read_whole(dir, options, 1000);
  require_same(one, many);
  REQUIRE(many.fault.starts_with("/in:9:5: 'x' is not a number"));
}

TEST_CASE("what trickles in is given at once, by any number of threads",
          "[data]") {
  const TempDir dir;
  const auto path = (dir / "pipe").string();
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(fd >= 0);
  const std::string row = "1 1:1\n";
  REQUIRE(::write(fd, row.data(), row.size()) == 6);
  ReaderOptions options;
  options.inputs = {path};
  options.schema = Schema{};
  options.schema->format = Format::libsvm;
  options.max_delay = Duration::zero();
  options.threads = 2;
  auto reader = Reader::open(options);
  REQUIRE(reader.ok());
  RawBlock block;
  for (int i = 0; i < 3; ++i) {
    auto more = (*reader)->next(1000, block);
    REQUIRE(more.ok());
    REQUIRE(block.row_count == 1);
    REQUIRE(::write(fd, row.data(), row.size()) == 6);
  }
  ::close(fd);
}

}  // namespace psmith::data
