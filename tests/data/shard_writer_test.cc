#include "data/shard_writer.h"

#include <catch2/catch.hpp>
#include <vector>

#include "base/digest.h"
#include "base/path.h"
#include "file/safetensors.h"
#include "tests/support/dataset.h"
#include "tests/support/temp_dir.h"

namespace psmith::data {
namespace {

using support::SparseExample;

file::SafeTensors written(const support::TempDir& dir, Manifest& manifest,
                          const std::vector<SparseExample>& rows) {
  support::add_sparse_shard(dir.path(), manifest, rows);
  return file::SafeTensors::parse(
             map_file(dir / manifest.shards.back().file).value(1))
      .value(1);
}

Manifest sparse(std::uint32_t block_rows) {
  return support::manifest_of(support::sparse_schema(), block_rows);
}

}  // namespace

TEST_CASE("a sparse shard lists the keys of each micro-batch", "[data]") {
  const support::TempDir dir;
  auto manifest = sparse(2);
  const auto file = written(dir, manifest,
                            {{1, 1, {7, 9}, {}},
                             {-1, 1, {9}, {}},
                             {1, 1, {}, {}},
                             {1, 1, {7}, {}},
                             {-1, 1, {1, 2, 3}, {}}});
  const auto numbers = [&](const char* name) {
    return file.copy<std::uint64_t>(name).value(1);
  };
  REQUIRE(numbers("row_begin") == std::vector<std::uint64_t>{0, 2, 3, 3, 4, 7});
  REQUIRE(numbers("key_begin") == std::vector<std::uint64_t>{0, 2, 3, 6});
  const auto key = numbers("key");
  const auto local = file.copy<std::uint32_t>("local").value(1);
  REQUIRE(key.size() == 6);
  REQUIRE(placement::mixed_less(key[0], key[1]));
  REQUIRE(key[local[0]] == 7);
  REQUIRE(key[local[1]] == 9);
  REQUIRE(key[local[2]] == 9);
  REQUIRE(local[3] == 0);
  REQUIRE(key[2] == 7);
  REQUIRE(key[3 + local[6]] == 3);
  REQUIRE(file.find("value") == nullptr);
  REQUIRE(file.find("weight") == nullptr);
  REQUIRE(file.metadata().at("block_rows") == "2");
  REQUIRE(manifest.shards[0].rows == 5);
  REQUIRE(manifest.shards[0].non_zeros == 7);
}

TEST_CASE("values are kept from the first that is not 1", "[data]") {
  const support::TempDir dir;
  auto manifest = sparse(2);
  const auto file = written(dir, manifest,
                            {{1, 1, {1, 2}, {1, 1}},
                             {1, 1, {3}, {}},
                             {1, 1, {1, 2}, {1, 0.5F}},
                             {1, 1, {4}, {}}});
  REQUIRE(file.copy<float>("value").value(1) ==
          std::vector<float>{1, 1, 1, 1, 0.5F, 1});
}

TEST_CASE("weights are kept where the shape has them", "[data]") {
  const support::TempDir dir;
  auto manifest = sparse(2);
  manifest.weighted = true;
  const auto file =
      written(dir, manifest, {{1, 0.5F, {1}, {}}, {1, 2, {2}, {}}});
  REQUIRE(file.copy<float>("weight").value(1) == std::vector<float>{0.5F, 2});
}

TEST_CASE("the shard's facts are those of the file", "[data]") {
  const support::TempDir dir;
  auto manifest = sparse(2);
  written(dir, manifest, {{1, 1, {1}, {}}});
  const auto& info = manifest.shards[0];
  REQUIRE(info.file == "shard-00000.safetensors");
  REQUIRE(info.bytes == std::filesystem::file_size(dir / info.file));
  REQUIRE(info.sha256 == sha256_file(dir / info.file).value(1));
  REQUIRE(info.crc32c == crc32c(map_file(dir / info.file).value(1).bytes()));
  REQUIRE(dir.entry_count() == 1);
}

TEST_CASE("rows beyond the buffers come out the same", "[data]") {
  const support::TempDir dir;
  auto manifest = sparse(128);
  std::vector<SparseExample> rows;
  for (std::uint64_t i = 0; i < 30000; ++i) {
    rows.push_back({static_cast<float>(i), 1, {i, i * i + 1}, {1, 1}});
  }
  rows.back().value = {2, 3};
  const auto file = written(dir, manifest, rows);
  const auto label = file.copy<float>("label").value(1);
  const auto value = file.copy<float>("value").value(1);
  REQUIRE(label.size() == rows.size());
  REQUIRE(label[12345] == 12345);
  REQUIRE(value.size() == 60000);
  REQUIRE(value[59997] == 1);
  REQUIRE(value[59998] == 2);
  auto again = sparse(128);
  const support::TempDir other;
  support::add_sparse_shard(other.path(), again, rows);
  REQUIRE(again.shards[0].sha256 == manifest.shards[0].sha256);
}

TEST_CASE("a shard that is not finished leaves nothing behind", "[data]") {
  const support::TempDir dir;
  {
    auto writer =
        ShardWriter::create(dir / "s", {.dense = true, .column_count = 1})
            .value(1);
    const std::vector<float> x(1, 1);
    for (int i = 0; i < 100000; ++i) {
      REQUIRE(writer.add(DenseRow{.x = x}).ok());
    }
  }
  REQUIRE(dir.entry_count() == 0);
  REQUIRE_FALSE(ShardWriter::create(dir / "no" / "s", {}).ok());
}

TEST_CASE("a shard may have no rows", "[data]") {
  const support::TempDir dir;
  auto manifest = sparse(2);
  const auto file = written(dir, manifest, {});
  REQUIRE(file.copy<std::uint64_t>("key_begin").value(1).size() == 1);
  REQUIRE(manifest.shards[0].rows == 0);
}

TEST_CASE("a shard's bytes do not depend on who makes its key lists",
          "[data]") {
  const support::TempDir dir;
  const auto written = [&](Workers* workers) {
    auto writer = ShardWriter::create(
        dir / "s", {.block_rows = 3, .durable = Durable::no}, workers);
    REQUIRE(writer.ok());
    for (std::uint64_t i = 0; i < 500; ++i) {
      const std::vector<placement::Key> keys{i % 7, 10 + i, 1000 + i * i};
      REQUIRE(
          writer->add(SparseRow{.label = 1, .key = keys, .value = {}}).ok());
    }
    REQUIRE(writer->settle().ok());
    auto info = writer->finish();
    REQUIRE(info.ok());
    return info->sha256;
  };
  Workers workers(3);
  REQUIRE(written(nullptr) == written(&workers));
}

TEST_CASE("a shard that is given up waits for its key lists", "[data]") {
  const support::TempDir dir;
  Workers workers(3);
  {
    auto writer = ShardWriter::create(dir / "s", {.block_rows = 2}, &workers);
    REQUIRE(writer.ok());
    const std::vector<placement::Key> keys{1, 2, 3};
    for (int i = 0; i < 30; ++i) {
      REQUIRE(
          writer->add(SparseRow{.label = 1, .key = keys, .value = {}}).ok());
    }
  }
  REQUIRE(dir.entry_count() == 0);
}

}  // namespace psmith::data
