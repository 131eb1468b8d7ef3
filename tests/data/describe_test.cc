#include "data/describe.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/rng.h"
#include "data/split.h"
#include "data/synth.h"
#include "file/json.h"
#include "tests/support/dataset.h"
#include "tests/support/temp_dir.h"

namespace psmith::data {
namespace {

using support::read_text;
using support::TempDir;
using support::write_text;

Manifest made_by_synth(const TempDir& dir, const SynthOptions& options) {
  Synth synth(options);
  SplitOptions choice{.output = dir / "out"};
  choice.holdout = 0.2;
  auto manifest = split(synth, choice);
  REQUIRE(manifest.ok());
  return *manifest;
}

std::string printed(const TempDir& dir, const Manifest& manifest,
                    const PrintOptions& options) {
  std::string out;
  REQUIRE(print_rows(dir / "out", manifest, options,
                     [&](std::string_view text) -> Status {
                       out += text;
                       return Done{};
                     })
              .ok());
  return out;
}

std::size_t line_count(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("rows are printed by part and number", "[data]") {
  const TempDir dir;
  const auto manifest = made_by_synth(dir, {.rows = 500, .features = 3});
  const auto held = manifest.rows(true);
  REQUIRE(line_count(printed(dir, manifest, {})) == 501);
  REQUIRE(line_count(printed(dir, manifest, {.part = Part::holdout})) ==
          held + 1);
  REQUIRE(line_count(printed(dir, manifest, {.row_max = 2})) == 3);
  REQUIRE(line_count(printed(dir, manifest, {.json = true})) == 500);
}

TEST_CASE("a flipped bit or a cut in a shard is found", "[data]") {
  const TempDir dir;
  const auto manifest =
      made_by_synth(dir, {.rows = 200, .features = 20, .sparse = true});
  const auto path = dir / "out" / manifest.shards[0].file;
  const auto good = read_text(path);
  REQUIRE(verify_shard(dir / "out", manifest, 0).ok());
  Rng rng(5);
  for (int i = 0; i < 100; ++i) {
    auto bad = good;
    bad[rng.below(bad.size())] ^= static_cast<char>(1 << rng.below(8));
    write_text(path, bad);
    auto status = verify_shard(dir / "out", manifest, 0);
    REQUIRE(status.error().code == Code::corrupt);
    REQUIRE(status.error().message.starts_with(path.string() + ": "));
  }
  write_text(path, good.substr(0, good.size() - 1));
  REQUIRE_FALSE(verify_shard(dir / "out", manifest, 0).ok());
  std::filesystem::remove(path);
  REQUIRE(verify_shard(dir / "out", manifest, 0).error().code ==
          Code::not_found);
}

TEST_CASE("a label that is no index of the list is found", "[data]") {
  const TempDir dir;
  auto schema = support::dense_schema(1);
  schema.label_text = true;
  schema.label_values = {{"a", 0, 1}, {"b", 1, 1}, {"c", 2, 1}};
  for (const float label : {0.0F, 2.0F, 1.5F, -1.0F, 3.0F}) {
    auto manifest = support::manifest_of(schema, 4);
    support::add_dense_shard(dir.path(), manifest, {label}, {1});
    INFO(label);
    REQUIRE(verify_shard(dir.path(), manifest, 0).ok() ==
            (label == 0 || label == 2));
  }
}

TEST_CASE("label names are quoted for the terminal", "[data]") {
  auto schema = support::dense_schema(1);
  schema.label_text = true;
  schema.label_values = {{"a\x1b[2J", 0, 3}, {"b", 1, 4}};
  const auto text = describe_text("name", support::manifest_of(schema, 4));
  REQUIRE(text.find("'a?[2J' (3 rows), 'b' (4 rows)") != std::string::npos);
}

TEST_CASE("a dataset is described for programs and for people", "[data]") {
  const TempDir dir;
  const auto manifest =
      made_by_synth(dir, {.logistic = true, .rows = 200, .features = 2});
  auto json = file::parse_json(describe_json("name", manifest));
  REQUIRE(json.ok());
  REQUIRE((*json)["schema"] == "psmith-dataset-1");
  REQUIRE((*json)["rows"] == manifest.rows(false));
  REQUIRE((*json)["model"] == "logistic");
  REQUIRE((*json)["columns"].size() == 2);
  const auto text = describe_text("name", manifest);
  REQUIRE(text.find("features     2 dense columns\n") != std::string::npos);
  REQUIRE(text.find("digest       " + manifest.digest) != std::string::npos);
}

}  // namespace psmith::data
