// Parts as split() writes them: of rows that were stored or counted, with much
// memory or little.
#include "data/part_writer.h"

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>

#include "data/reader.h"
#include "data/split.h"
#include "tests/data/split_support.h"
#include "tests/support/temp_dir.h"

namespace psmith::data {
namespace {

using support::TempDir;
using support::write_text;

// Rows of a reader whose number it says, or does not.
class Told final : public RowSource {
 public:
  Told(const std::filesystem::path& path, std::optional<std::uint64_t> rows,
       std::optional<Schema> like = {})
      : rows_(rows) {
    ReaderOptions reading;
    reading.inputs = {path.string()};
    reading.schema = std::move(like);
    reader_ = Reader::open(reading).value(1);
  }
  const Schema& schema() const override { return reader_->schema(); }
  Result<std::optional<std::uint64_t>> row_count() override { return rows_; }
  Result<bool> next(std::size_t record_max, RawBlock& block) override {
    return reader_->next(record_max, block);
  }

 private:
  const std::optional<std::uint64_t> rows_;
  std::unique_ptr<Reader> reader_;
};

}  // namespace

TEST_CASE("rows that are counted first give the same shards", "[data]") {
  const TempDir dir;
  write_text(dir / "in", libsvm(3000));
  SplitOptions options;
  options.by = Division::even;
  options.threads = GENERATE(1U, 3U);
  options.shards = GENERATE(0U, 1U, 7U);
  Told stored(dir / "in", std::nullopt), counted(dir / "in", 3000);
  options.output = dir / "stored";
  const auto expected = split(stored, options);
  REQUIRE(expected.ok());
  options.output = dir / "counted";
  const auto got = split(counted, options);
  REQUIRE(got.ok());
  REQUIRE(Result(got)->digest == Result(expected)->digest);
  REQUIRE(Result(got)->distinct_keys == 18);
}

TEST_CASE("keys of held out rows alone are not counted", "[data]") {
  const TempDir dir;
  std::string text;
  for (int i = 0; i < 500; ++i) text += "1 " + std::to_string(i) + ":1\n";
  SplitOptions options{.output = dir / "out"};
  options.holdout = 0.3;
  const auto out = made(dir, text, options);
  REQUIRE(out.manifest.rows(true) > 0);
  REQUIRE(out.manifest.distinct_keys == out.manifest.rows(false));
}

TEST_CASE("rows of a fitted schema that are counted give the same shards",
          "[data]") {
  const TempDir dir;
  write_text(dir / "in", libsvm(500));
  SplitOptions options;
  options.by = Division::even;
  options.output = dir / "first";
  Told first(dir / "in", std::nullopt);
  const auto like = split(first, options);
  REQUIRE(like.ok());
  options.fitted = true;
  Told stored(dir / "in", std::nullopt, Result(like)->schema),
      counted(dir / "in", 500, Result(like)->schema);
  options.output = dir / "stored";
  const auto expected = split(stored, options);
  options.output = dir / "counted";
  const auto got = split(counted, options);
  REQUIRE(got.ok());
  REQUIRE(Result(got)->digest == Result(expected)->digest);
}

TEST_CASE("an input that has changed since its rows were counted is refused",
          "[data]") {
  const TempDir dir;
  write_text(dir / "in", libsvm(300));
  Told counted(dir / "in", GENERATE(299U, 301U, 1U));
  SplitOptions options{.output = dir / "out"};
  options.by = Division::even;
  auto result = split(counted, options);
  REQUIRE_FALSE(result.ok());
  REQUIRE(result.error().code == Code::unavailable);
  REQUIRE_FALSE(std::filesystem::exists(dir / "out"));
  REQUIRE(dir.entry_count() == 1);
}

TEST_CASE("the memory for rows does not change the shards", "[data]") {
  const TempDir dir;
  std::string text;
  for (int i = 0; i < 40000; ++i) {
    text += std::to_string(i % 2);
    for (int j = 1; j <= 20; ++j) text += " " + std::to_string(j + i) + ":0.5";
    text += "\n";
  }
  SplitOptions options;
  options.by = GENERATE(Division::even, Division::weight);
  options.shards = 2;
  options.output = dir / "little";
  options.memory = 0;
  const auto little = made(dir, text, options);
  REQUIRE(little.fault == "");
  options.output = dir / "much";
  options.memory = std::uint64_t{256} << 20;
  REQUIRE(made(dir, text, options).manifest.digest == little.manifest.digest);
}

}  // namespace psmith::data
