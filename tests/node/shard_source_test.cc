#include "node/shard_source.h"

#include <catch2/catch.hpp>

#include "tests/support/cluster_data.h"
#include "tests/support/temp_dir.h"

namespace psmith::node {

TEST_CASE("a source opens shards as they are needed", "[node]") {
  support::TempDir dir;
  const auto folder = dir.path() / "data";
  const auto manifest = support::write_sparse_data(folder);
  const auto spec = support::sparse_job(folder, manifest);
  auto source = ShardSource::open(spec).value(1);
  REQUIRE(source->ready(false, 1).value(1));
  REQUIRE_FALSE(source->ready(false, 1).value(1));
  data::Shard::Scratch scratch;
  REQUIRE(source->block(false, 1, 0, scratch).row_count == 4);
  REQUIRE(source->ready(true, 0).value(1));
  REQUIRE(source->block(true, 0, 14, scratch).row_count == 4);
}

TEST_CASE("another dataset than the job's is refused", "[node]") {
  support::TempDir dir;
  const auto folder = dir.path() / "data";
  const auto manifest = support::write_sparse_data(folder);
  auto spec = support::sparse_job(folder, manifest);
  SECTION("another digest") { spec.train.digest[0] ^= 1; }
  SECTION("other rows") { ++spec.train.shape.shard_rows[0]; }
  SECTION("other blocks") { spec.train.shape.block_rows = 8; }
  SECTION("no such shard") { spec.train.shards[0] = 99; }
  SECTION("a dense model") { spec.model.dense = true; }
  SECTION("no folder") { spec.train.folder = (dir.path() / "no").string(); }
  REQUIRE_FALSE(ShardSource::open(spec).ok());
}

TEST_CASE("a shard that is gone is an error when it is needed", "[node]") {
  support::TempDir dir;
  const auto folder = dir.path() / "data";
  const auto manifest = support::write_sparse_data(folder);
  const auto spec = support::sparse_job(folder, manifest);
  auto source = ShardSource::open(spec).value(1);
  std::filesystem::remove(folder / manifest.shards[0].file);
  REQUIRE_FALSE(source->ready(false, 0).ok());
}

}  // namespace psmith::node
