#include "data/split.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <set>

#include "data/describe.h"
#include "data/reader.h"
#include "data/shard.h"
#include "tests/data/split_support.h"
#include "tests/support/temp_dir.h"

namespace psmith::data {
namespace {

using support::read_text;
using support::TempDir;
using support::write_text;

std::string rows_of(const std::filesystem::path& folder, Part part) {
  std::string out;
  auto manifest = read_manifest(folder);
  REQUIRE(manifest.ok());
  REQUIRE(print_rows(folder, *manifest, {.part = part, .stop = {}},
                     [&](std::string_view text) -> Status {
                       out += text;
                       return Done{};
                     })
              .ok());
  return out;
}

std::multiset<std::string> lines_of(const std::string& text) {
  std::multiset<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    lines.insert(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace

TEST_CASE("a split keeps every row, in every division", "[data]") {
  const TempDir dir;
  for (const auto& text : {csv(1000), libsvm(1000)}) {
    for (const auto by : {Division::even, Division::random, Division::weight}) {
      SplitOptions options{.output = dir / "out"};
      options.by = by;
      options.shards = 7;
      options.force = true;
      const auto out = made(dir, text, options);
      REQUIRE(out.fault == "");
      REQUIRE(out.manifest.shards.size() == 7);
      REQUIRE(out.manifest.by == name_of(by));
      const auto rows = rows_of(dir / "out", Part::all);
      REQUIRE(lines_of(rows) == lines_of(text));
      REQUIRE((rows == text) == (by != Division::random));
      for (std::size_t i = 0; i < 7; ++i) {
        REQUIRE(verify_shard(dir / "out", out.manifest, i).ok());
      }
    }
  }
}

TEST_CASE("even shards differ by one row, weighted ones by little work",
          "[data]") {
  const TempDir dir;
  SplitOptions options{.output = dir / "out"};
  options.by = Division::even;
  options.shards = 7;
  const auto even = made(dir, libsvm(1000), options);
  REQUIRE(even.manifest.shards.size() == 7);
  for (const auto& shard : even.manifest.shards) {
    REQUIRE(shard.rows >= 142);
    REQUIRE(shard.rows <= 143);
  }
  options.by = Division::weight;
  options.force = true;
  // Long rows first.
  std::string text;
  for (int i = 0; i < 100; ++i) {
    text += "1 1:1 2:1 3:1 4:1 5:1 6:1 7:1 8:1 9:1\n";
  }
  for (int i = 0; i < 900; ++i) text += "1\n";
  const auto out = made(dir, text, options);
  REQUIRE(out.manifest.shards.size() == 7);
  for (const auto& shard : out.manifest.shards) {
    REQUIRE(shard.non_zeros + shard.rows >= 1900 / 7 - 10);
    REQUIRE(shard.non_zeros + shard.rows <= 1900 / 7 + 10);
  }
}

TEST_CASE("the same seed gives the same bytes, whatever the memory", "[data]") {
  const TempDir dir;
  SplitOptions options{.output = dir / "a"};
  options.holdout = 0.2;
  options.seed = 5;
  const auto text = csv(3000);
  const auto a = made(dir, text, options);
  options.output = dir / "b";
  options.memory = 1;
  const auto b = made(dir, text, options);
  REQUIRE(a.fault == "");
  REQUIRE(b.fault == "");
  REQUIRE(a.manifest.digest == b.manifest.digest);
  REQUIRE(read_text(dir / "a/manifest.json") ==
          read_text(dir / "b/manifest.json"));
  options.output = dir / "c";
  options.seed = 6;
  const auto c = made(dir, text, options);
  REQUIRE(c.fault == "");
  REQUIRE(c.manifest.digest != a.manifest.digest);
}

TEST_CASE("the holdout is near its part and keeps duplicates together",
          "[data]") {
  const TempDir dir;
  std::string text = "a,b,y\n";
  for (int copy = 0; copy < 3; ++copy) {
    for (int i = 0; i < 1000; ++i) {
      // The same row, written in three ways.
      text += std::to_string(i) + (copy == 1 ? ".0" : "") + "," +
              (copy == 2 ? "\"1\"" : "1") + ",2\n";
    }
  }
  SplitOptions options{.output = dir / "out"};
  options.holdout = 0.2;
  const auto out = made(dir, text, options);
  REQUIRE(out.fault == "");
  REQUIRE(out.manifest.rows(true) == Approx(600).margin(100));
  REQUIRE(out.manifest.rows(true) + out.manifest.rows(false) == 3000);
  std::map<std::string, int> seen;
  for (const auto& line : lines_of(rows_of(dir / "out", Part::holdout))) {
    ++seen[line];
  }
  seen.erase("a,b,y");
  REQUIRE(std::all_of(seen.begin(), seen.end(),
                      [](const auto& entry) { return entry.second == 3; }));
}

TEST_CASE("columns are fitted on the training rows", "[data]") {
  const TempDir dir;
  SplitOptions options{.output = dir / "out"};
  options.holdout = 0.3;
  const auto out = made(dir, csv(2000), options);
  double sum = 0, squares = 0, count = 0;
  for (std::size_t i = 0; i < out.manifest.shards.size(); ++i) {
    if (out.manifest.shards[i].holdout) continue;
    auto shard = Shard::open(dir / "out", out.manifest, i);
    REQUIRE(shard.ok());
    Shard::Scratch scratch;
    for (std::uint64_t b = 0; b < (*shard)->block_count(); ++b) {
      const auto batch = (*shard)->block(b, scratch);
      for (std::size_t r = 0; r < batch.row_count; ++r) {
        const double x = batch.x[r * 2];
        sum += x;
        squares += x * x;
        ++count;
      }
    }
  }
  REQUIRE(sum / count == Approx(0).margin(1e-6));
  REQUIRE(squares / count == Approx(1).margin(1e-5));
}

TEST_CASE("labels are listed with their rows", "[data]") {
  const TempDir dir;
  const auto out = made(dir, csv(300), {.output = dir / "out"});
  REQUIRE(out.manifest.schema.label_values ==
          std::vector<LabelValue>{{"no", 0, 100}, {"yes", 1, 200}});
}

TEST_CASE("another dataset's schema is applied as it is", "[data]") {
  const TempDir dir;
  const auto first = made(dir, csv(300), {.output = dir / "a"});
  SplitOptions options{.output = dir / "b"};
  options.by = Division::even;
  const auto second =
      made(dir, "y,b,a\nyes,1,2\n", options, first.manifest.schema);
  REQUIRE(second.fault == "");
  // But its own rows are counted.
  auto expected = first.manifest.schema;
  expected.label_values = {{"no", 0, 0}, {"yes", 1, 1}};
  REQUIRE(second.manifest.schema == expected);
  REQUIRE(rows_of(dir / "b", Part::all) == "a,b,y\n2,1,yes\n");
}

TEST_CASE("nothing is left after a failure", "[data]") {
  const TempDir dir;
  const auto fault = [&](const std::string& text, SplitOptions options) {
    options.output = dir / "out";
    const auto out = made(dir, text, options);
    REQUIRE(dir.entry_count() == 0);
    return out.fault;
  };
  REQUIRE(fault("1 1:1\n1 1:x\n", {}).ends_with("in:2:5: 'x' is not a number"));
  SplitOptions many;
  many.shards = 4;
  REQUIRE(fault("1 1:1\n1 1:2\n", many) ==
          "--shards 4: there are only 2 training rows");
  SplitOptions held;
  held.holdout = 0.01;
  REQUIRE(fault("1 1:1\n1 1:2\n", held) ==
          "--holdout 0.01 of 2 rows leaves no test rows\n"
          "hint: choose another fraction or another --seed");
  SplitOptions stopped;
  stopped.stop = [] { return true; };
  REQUIRE(fault("1 1:1\n", stopped) == "interrupted");
  stopped.stop = [n = 0]() mutable { return ++n > 4; };  // writing shards
  stopped.shards = 50;
  stopped.threads = 3;
  REQUIRE(fault(libsvm(9000), stopped) == "interrupted");
}

TEST_CASE("numbers as labels are counted anew, new ones are left out",
          "[data]") {
  const TempDir dir;
  const auto first = made(dir, "1 1:1\n3 1:1\n3 1:2\n", {.output = dir / "a"});
  const SplitOptions options{.output = dir / "b"};
  const auto second =
      made(dir, "3 1:1\n2 1:1\n", options, first.manifest.schema);
  REQUIRE(second.manifest.schema.label_values ==
          std::vector<LabelValue>{{"1", 1, 0}, {"3", 3, 1}});
  auto bare = first.manifest.schema;  // as a linear model has it
  bare.label_values.clear();
  const SplitOptions third{.output = dir / "c"};
  REQUIRE(made(dir, "3 1:1\n", third, bare).manifest.schema.label_values ==
          std::vector<LabelValue>{{"3", 3, 1}});
}

TEST_CASE("rows whose label is -0 and 0 stay together", "[data]") {
  const TempDir dir;
  std::string text;
  for (int i = 0; i < 500; ++i) {
    const auto row = " 1:" + std::to_string(i) + "\n";
    text += "0" + row + "-0" + row;
  }
  SplitOptions options{.output = dir / "out"};
  options.holdout = 0.3;
  const auto out = made(dir, text, options);
  REQUIRE(out.fault == "");
  const auto lines = lines_of(rows_of(dir / "out", Part::holdout));
  for (const auto& line : lines) REQUIRE(lines.count(line) == 2);
}

TEST_CASE("a folder of temporary files is told, and that it is gone",
          "[data]") {
  const TempDir dir;
  std::vector<std::filesystem::path> told;
  SplitOptions options{.output = dir / "out"};
  options.temporary = [&](const std::filesystem::path& path) {
    if (!path.empty()) REQUIRE(std::filesystem::is_directory(path));
    told.push_back(path);
  };
  REQUIRE(made(dir, "1 1:1\n", options).fault == "");
  REQUIRE(told.size() == 2);
  REQUIRE(told[0].parent_path() == dir.path());
  REQUIRE_FALSE(std::filesystem::exists(told[0]));
  REQUIRE(told[1].empty());
}

TEST_CASE("too many shards are refused before the work", "[data]") {
  const TempDir dir;
  std::string text;
  for (int i = 0; i < 130000; ++i) text += "1 1:" + std::to_string(i) + "\n";
  SplitOptions options{.output = dir / "out"};
  options.holdout = 0.2;
  options.shards = 100000;
  const auto begin = "--shards 100000 with --holdout 0.2 makes ";
  REQUIRE(made(dir, text, options).fault.starts_with(begin));
}

TEST_CASE("the default micro-batch follows the number of rows", "[data]") {
  const TempDir dir;
  for (const auto& [rows, expected] : std::map<std::size_t, std::uint32_t>{
           {2, 4}, {2559, 4}, {2560, 8}, {20479, 32}, {41000, 128}}) {
    SplitOptions options{.output = dir / "out"};
    options.force = true;
    const auto out = made(dir, libsvm(rows), options);
    INFO(rows);
    REQUIRE(out.manifest.block_rows == expected);
  }
}

TEST_CASE("the default number of shards follows the number of rows", "[data]") {
  REQUIRE(default_shards(0) == 1);
  REQUIRE(default_shards(1 << 16) == 1);
  REQUIRE(default_shards((1 << 16) + 1) == 2);
  REQUIRE(default_shards(std::uint64_t{1} << 40) == 1024);
}

TEST_CASE("the label's mean and scale are those of the training rows",
          "[data]") {
  const TempDir dir;
  SplitOptions options;
  options.output = dir / "d";
  SECTION("of numbers, without the held out ones") {
    options.holdout = 0.3;
    std::string text = "a,y\n";
    for (int i = 0; i < 200; ++i) {
      text += std::to_string(i) + "," + std::to_string(1000 + i % 7) + "\n";
    }
    const auto result = made(dir, text, options);
    REQUIRE(result.fault == "");
    double count = 0, sum = 0, squares = 0;
    for (std::size_t i = 0; i < result.manifest.shards.size(); ++i) {
      if (result.manifest.shards[i].holdout) continue;
      const auto shard = Shard::open(dir / "d", result.manifest, i).value(1);
      Shard::Scratch scratch;
      for (std::uint64_t b = 0; b < shard->block_count(); ++b) {
        for (const auto label : shard->block(b, scratch).label) {
          count += 1;
          sum += label;
          squares += (label - 1000.0) * (label - 1000.0);
        }
      }
    }
    REQUIRE(count < 200);
    const double mean = sum / count;
    const double spread = squares / count - (mean - 1000) * (mean - 1000);
    const auto& schema = result.manifest.schema;
    REQUIRE(schema.label_mean == Approx(mean));
    REQUIRE(schema.label_scale == Approx(std::sqrt(spread)));
  }
  SECTION("of a constant the scale is 1") {
    const auto result = made(dir, "a,y\n1,7\n2,7\n", options);
    REQUIRE(result.manifest.schema.label_mean == 7);
    REQUIRE(result.manifest.schema.label_scale == 1);
  }
  SECTION("text has none") {
    const auto result = made(dir, csv(10), options);
    REQUIRE(result.manifest.schema.label_mean == 0);
    REQUIRE(result.manifest.schema.label_scale == 1);
  }
}

TEST_CASE("the same rows give the same bytes, whatever the threads", "[data]") {
  const TempDir dir;
  for (const auto& text : {csv(6000), libsvm(6000)}) {
    for (const auto by : {Division::even, Division::random, Division::weight}) {
      SplitOptions options{.output = dir / "one", .by = by};
      options.shards = 7;
      options.force = true;
      made(dir, text, options);
      options.output = dir / "many";
      options.threads = 4;
      options.durable = Durable::no;
      const auto many = made(dir, text, options);
      REQUIRE(read_text(dir / "one/manifest.json") ==
              read_text(dir / "many/manifest.json"));
      REQUIRE(verify_shard(dir / "many", many.manifest, 6).ok());
    }
  }
}

}  // namespace psmith::data
