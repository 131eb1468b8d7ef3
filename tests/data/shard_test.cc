#include "data/shard.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "base/digest.h"
#include "base/path.h"
#include "base/rng.h"
#include "data/shard_layout.h"
#include "file/safetensors.h"
#include "placement/key.h"
#include "tests/support/damage.h"
#include "tests/support/dataset.h"
#include "tests/support/temp_dir.h"

namespace psmith::data {
namespace {

using support::SparseExample;
using support::TempDir;

std::vector<SparseExample> random_examples(std::size_t count, Rng& rng) {
  std::vector<SparseExample> rows(count);
  for (auto& row : rows) {
    row.label = rng.below(2) == 0 ? -1.0F : 1.0F;
    for (auto n = rng.below(6); n > 0; --n) {
      row.key.push_back(rng.below(50));
      row.value.push_back(static_cast<float>(rng.below(3)));
    }
  }
  return rows;
}

// The manifest and bytes of one small sparse shard with every tensor.
struct Small {
  TempDir dir;
  Manifest manifest = support::manifest_of(support::sparse_schema(), 2);

  Small() {
    manifest.weighted = true;
    support::add_sparse_shard(
        dir.path(), manifest,
        {{1, 1, {7, 9}, {2, 1}}, {-1, 0.5F, {9}, {1}}, {1, 3, {4}, {1}}});
  }
  std::filesystem::path path() const { return dir / manifest.shards[0].file; }

  // Opens bytes in place of the file; the manifest vouches for them.
  std::string refusal(const std::string& bytes) {
    support::write_text(path(), bytes);
    auto vouching = manifest;
    vouching.shards[0].bytes = bytes.size();
    vouching.shards[0].crc32c = crc32c(as_bytes(bytes));
    auto shard = Shard::open(dir.path(), vouching, 0);
    if (shard) return "";
    REQUIRE(shard.error().code == Code::corrupt);
    return shard.error().message;
  }

  // The shard with one tensor's values exchanged, or left out (none).
  template <class T>
  std::string with(const char* name, std::vector<T> values, bool drop = false,
                   std::vector<std::uint64_t> shape = {}) {
    const auto file =
        file::SafeTensors::parse(map_file(path()).value(1)).value(1);
    auto tensors = file.tensors();
    std::erase_if(tensors, [&](const auto& t) { return t.info.name == name; });
    if (shape.empty()) shape = {values.size()};
    if (!drop) {
      tensors.push_back(
          file::tensor_of(name, shape, std::span<const T>(values)));
    }
    std::string out;
    REQUIRE(file::write_tensors(tensors, file.metadata(),
                                [&](ByteView bytes) -> Status {
                                  out += support::text_of(bytes);
                                  return Done{};
                                })
                .ok());
    const auto before = support::read_text(path());
    auto message = refusal(out);
    support::write_text(path(), before);
    return message;
  }
};

}  // namespace

TEST_CASE("sparse micro-batches give back their rows", "[data]") {
  for (const std::uint32_t block_rows : {1U, 3U, 7U, 128U}) {
    Rng rng(block_rows);
    const TempDir dir;
    auto manifest = support::manifest_of(support::sparse_schema(), block_rows);
    const auto rows = random_examples(20, rng);
    support::add_sparse_shard(dir.path(), manifest, rows);
    const auto shard = Shard::open(dir.path(), manifest, 0).value(1);
    REQUIRE(shard->row_count() == rows.size());
    REQUIRE(shard->block_count() ==
            (rows.size() + block_rows - 1) / block_rows);
    Shard::Scratch scratch;
    std::size_t row = 0;
    for (std::uint64_t i = 0; i < shard->block_count(); ++i) {
      const auto batch = shard->block(i, scratch);
      REQUIRE_FALSE(batch.dense());
      REQUIRE(batch.row_begin.size() == batch.row_count + 1);
      REQUIRE(batch.row_begin[0] == 0);
      for (std::size_t r = 0; r < batch.row_count; ++r, ++row) {
        REQUIRE(batch.label[r] == rows[row].label);
        REQUIRE(batch.weight_of(r) == 1);
        std::vector<std::uint64_t> key;
        std::vector<float> value;
        for (auto e = batch.row_begin[r]; e < batch.row_begin[r + 1]; ++e) {
          key.push_back(batch.key[batch.local[e]]);
          value.push_back(batch.value.empty() ? 1 : batch.value[e]);
        }
        REQUIRE(key == rows[row].key);
        REQUIRE(value == rows[row].value);
      }
    }
    REQUIRE(row == rows.size());
    REQUIRE(shard->with_block_rows(block_rows) == shard);
  }
}

TEST_CASE("dense micro-batches are cut as the job says", "[data]") {
  const TempDir dir;
  auto manifest = support::manifest_of(support::dense_schema(2), 4);
  support::add_dense_shard(dir.path(), manifest, {0, 1, 2, 3, 4},
                           {0, 1, 10, 11, 20, 21, 30, 31, 40, 41});
  const auto shard = Shard::open(dir.path(), manifest, 0).value(1);
  REQUIRE(shard->block_count() == 2);
  Shard::Scratch scratch;
  const auto last = shard->block(1, scratch);
  REQUIRE(last.dense());
  REQUIRE(last.row_count == 1);
  REQUIRE(last.label[0] == 4);
  REQUIRE(std::vector(last.x.begin(), last.x.end()) ==
          std::vector<float>{40, 41});
  const auto pairs = shard->with_block_rows(2);
  REQUIRE(pairs->block_count() == 3);
  const auto middle = pairs->block(1, scratch);
  REQUIRE(std::vector(middle.x.begin(), middle.x.end()) ==
          std::vector<float>{20, 21, 30, 31});
}

TEST_CASE("weights and empty shards come back", "[data]") {
  Small small;
  const auto shard = Shard::open(small.dir.path(), small.manifest, 0).value(1);
  Shard::Scratch scratch;
  REQUIRE(shard->block(0, scratch).weight_of(1) == 0.5F);
  REQUIRE(shard->block(1, scratch).weight_of(0) == 3);
  support::add_sparse_shard(small.dir.path(), small.manifest, {});
  const auto empty = Shard::open(small.dir.path(), small.manifest, 1).value(1);
  REQUIRE(empty->block_count() == 0);
}

TEST_CASE("threads may read one shard together", "[data]") {
  Rng rng(5);
  const TempDir dir;
  auto manifest = support::manifest_of(support::sparse_schema(), 4);
  support::add_sparse_shard(dir.path(), manifest, random_examples(400, rng));
  const auto shard = Shard::open(dir.path(), manifest, 0).value(1);
  std::vector<std::size_t> entries(4);
  std::vector<std::jthread> threads;
  for (auto& sum : entries) {
    threads.emplace_back([&] {
      Shard::Scratch scratch;
      for (std::uint64_t i = 0; i < shard->block_count(); ++i) {
        sum += shard->block(i, scratch).local.size();
      }
    });
  }
  threads.clear();
  REQUIRE(entries == std::vector<std::size_t>(4, manifest.shards[0].non_zeros));
}

TEST_CASE("a missing or exchanged shard is named", "[data]") {
  Small small;
  std::filesystem::remove(small.path());
  auto gone = Shard::open(small.dir.path(), small.manifest, 0);
  REQUIRE_FALSE(gone.ok());
  REQUIRE(gone.error().code == Code::not_found);
  support::write_text(small.path(), "x");
  auto other = Shard::open(small.dir.path(), small.manifest, 0);
  REQUIRE_FALSE(other.ok());
  REQUIRE(other.error().message.find("shard-00000.safetensors: has 1 bytes") ==
          0);
}

TEST_CASE("every damaged shard is refused", "[data]") {
  Small small;
  const auto whole = support::read_text(small.path());
  const auto refused = [&](const std::string& damaged) {
    support::write_text(small.path(), damaged);
    auto shard = Shard::open(small.dir.path(), small.manifest, 0);
    if (shard.ok() || shard.error().code != Code::corrupt) FAIL("accepted");
  };
  support::each_truncation(whole, refused);
  support::each_flipped_bit(whole, refused);
  refused(whole + '\0');
}

TEST_CASE("what no checksum tells is checked in the structure", "[data]") {
  Small small;
  using U64 = std::vector<std::uint64_t>;
  using U32 = std::vector<std::uint32_t>;
  using F32 = std::vector<float>;
  const auto inf = std::numeric_limits<float>::infinity();
  REQUIRE(small.with<float>("label", {1, -1, 1}).empty());
  REQUIRE(small.with("label", F32{1, 1}) ==
          "shard-00000.safetensors: tensor 'label' has another shape than "
          "expected");
  for (const float bad : {inf, -inf, std::nanf("")}) {
    REQUIRE_FALSE(small.with("label", F32{1, bad, 1}).empty());
    REQUIRE_FALSE(small.with("value", F32{1, 1, 1, bad}).empty());
    REQUIRE_FALSE(small.with("weight", F32{bad, 1, 1}).empty());
  }
  REQUIRE_FALSE(small.with("weight", F32{1, -1, 1}).empty());
  REQUIRE_FALSE(small.with("weight", F32{}, /*drop=*/true).empty());
  REQUIRE_FALSE(small.with("value", F32{1, 1}).empty());
  REQUIRE(small.with("value", F32{}, /*drop=*/true).empty());
  REQUIRE_FALSE(small.with("extra", F32{1}).empty());
  REQUIRE_FALSE(small.with("row_begin", U64{0, 3, 2, 4}).empty());
  REQUIRE_FALSE(small.with("row_begin", U64{1, 2, 3, 4}).empty());
  REQUIRE_FALSE(small.with("row_begin", U64{0, 2, 3, 5}).empty());
  REQUIRE_FALSE(small.with("row_begin", U64{0, 2, 4}).empty());
  REQUIRE_FALSE(small.with("key_begin", U64{0, 3, 2}).empty());
  REQUIRE_FALSE(small.with("key_begin", U64{0, 2, 4}).empty());
  REQUIRE_FALSE(small.with("key_begin", U64{0, ~std::uint64_t{0}, 3}).empty());
  REQUIRE_FALSE(small.with("local", U32{0, 2, 1, 0}).empty());
  REQUIRE_FALSE(small.with("local", U32{0, 1, 1, 1}).empty());
  REQUIRE_FALSE(small.with("local", U32{0, 1, 1, 0}, false, {4, 1}).empty());
  const auto first = placement::mixed_less(7, 9) ? U64{9, 7, 4} : U64{7, 9, 4};
  REQUIRE(small.with("key", first) ==
          "shard-00000.safetensors: the keys of micro-batch 0 are out of "
          "order");
  REQUIRE_FALSE(small.with("key", U64{7, 7, 4}).empty());
  small.manifest.block_rows = 3;
  REQUIRE_FALSE(small.refusal(support::read_text(small.path())).empty());
}

TEST_CASE("the manifest's count of values is checked", "[data]") {
  Small small;
  small.manifest.shards[0].non_zeros = 5;
  REQUIRE(Shard::open(small.dir.path(), small.manifest, 0).error().message ==
          "shard-00000.safetensors: holds 4 values, the manifest says 5");
  const TempDir dir;
  auto dense = support::manifest_of(support::dense_schema(2), 2);
  support::add_dense_shard(dir.path(), dense, {1}, {1, 2});
  dense.shards[0].non_zeros = 1;
  REQUIRE_FALSE(Shard::open(dir.path(), dense, 0).ok());
}

TEST_CASE("mangled shards that a manifest vouches for are refused or whole",
          "[data]") {
  Small small;
  const auto whole = support::read_text(small.path());
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    INFO("seed " << seed);
    Rng rng(seed);
    small.refusal(support::mangled(whole, rng));
  }
  support::each_flipped_bit(
      whole, [&](const std::string& damaged) { small.refusal(damaged); });
}

}  // namespace psmith::data
