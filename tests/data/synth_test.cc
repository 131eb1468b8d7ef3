#include "data/synth.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "data/reader.h"
#include "data/text_rows.h"
#include "tests/support/temp_dir.h"

namespace psmith::data {
namespace {

RawBlock all_rows(Synth& synth) {
  RawBlock block;
  REQUIRE(*synth.next(1 << 20, block));
  return block;
}

}  // namespace

TEST_CASE("without noise the planted weights explain every row", "[data]") {
  Synth synth({.rows = 500, .features = 4, .noise = 0, .seed = 3});
  const auto block = all_rows(synth);
  REQUIRE(block.row_count == 500);
  for (std::size_t row = 0; row < block.row_count; ++row) {
    double y = synth.bias();
    for (std::size_t i = 0; i < 4; ++i) {
      y += synth.weights()[i] * block.x[row * 4 + i];
    }
    REQUIRE(block.label[row] == Approx(y).margin(1e-5));
  }
}

TEST_CASE("the same seed makes the same rows, in blocks of any size",
          "[data]") {
  const SynthOptions options{.rows = 100, .features = 3, .seed = 9};
  Synth one(options), two(options);
  const auto whole = all_rows(one);
  std::vector<double> x;
  RawBlock block;
  while (*two.next(7, block)) {
    x.insert(x.end(), block.x.begin(), block.x.end());
  }
  REQUIRE(x == whole.x);
  Synth other({.rows = 100, .features = 3, .seed = 10});
  REQUIRE(all_rows(other).x != whole.x);
}

TEST_CASE("sparse rows have about their density", "[data]") {
  Synth synth({.logistic = true,
               .rows = 2000,
               .features = 50,
               .seed = 1,
               .sparse = true,
               .density = 0.2});
  const auto block = all_rows(synth);
  REQUIRE(static_cast<double>(block.index.size()) ==
          Approx(20000).epsilon(0.05));
  for (std::size_t row = 0; row < block.row_count; ++row) {
    REQUIRE((block.label[row] == 0 || block.label[row] == 1));
    for (auto i = block.row_begin[row]; i < block.row_begin[row + 1]; ++i) {
      REQUIRE(block.index[i] >= 1);
      REQUIRE(block.index[i] <= 50);
      if (i > block.row_begin[row]) {
        REQUIRE(block.index[i] > block.index[i - 1]);
      }
    }
  }
  Synth full({.rows = 10, .features = 5, .sparse = true, .density = 1});
  REQUIRE(all_rows(full).index.size() == 50);
}

TEST_CASE("text of made rows reads back as the same rows", "[data]") {
  const support::TempDir dir;
  Synth synth({.rows = 300, .features = 5, .seed = 4, .weighted = true});
  const auto made = all_rows(synth);
  TextRows rows(synth.schema(), true);
  auto text = rows.header();
  rows.append(made, text);
  support::write_text(dir / "in", text);
  ReaderOptions options;
  options.inputs = {(dir / "in").string()};
  options.columns.weight = "weight";
  auto reader = Reader::open(options);
  REQUIRE(reader.ok());
  RawBlock read;
  REQUIRE(*(*reader)->next(1000, read));
  REQUIRE(read.x == made.x);
  REQUIRE(read.label == made.label);
  REQUIRE(read.weight == made.weight);
}

}  // namespace psmith::data
