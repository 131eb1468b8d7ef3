#include "data/manifest.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/digest.h"
#include "base/rng.h"
#include "tests/support/damage.h"
#include "tests/support/dataset.h"
#include "tests/support/temp_dir.h"

namespace psmith::data {
namespace {

Manifest example_manifest() {
  auto manifest = support::manifest_of(support::sparse_schema(), 64);
  manifest.weighted = true;
  manifest.distinct_keys = 12;
  manifest.seed = ~std::uint64_t{0};
  manifest.by = "random";
  for (std::size_t i = 0; i < 3; ++i) {
    manifest.shards.push_back({shard_file_name(i), 10 + i, 100, 4096,
                               sha256(as_bytes(std::to_string(i))), 7,
                               /*holdout=*/i == 2});
  }
  return manifest;
}

std::string manifest_refusal(std::string_view text) {
  auto manifest = manifest_from_json(text);
  if (manifest) return "";
  REQUIRE(manifest.error().code == Code::corrupt);
  return manifest.error().message;
}

std::string manifest_with(const std::string& from, const std::string& to) {
  auto manifest = example_manifest();
  auto text = to_json(manifest);
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string with_shard_file(const std::string& name) {
  auto manifest = example_manifest();
  manifest.shards[0].file = name;
  return to_json(manifest);
}

}  // namespace

TEST_CASE("a manifest comes back from its folder", "[data]") {
  const support::TempDir dir;
  auto manifest = example_manifest();
  REQUIRE(write_manifest(dir.path(), manifest).ok());
  const auto text = to_json(manifest);
  REQUIRE(support::read_text(dir / kManifestName) == text);
  const auto read = read_manifest(dir.path()).value(1);
  REQUIRE(read.schema == manifest.schema);
  REQUIRE(read.digest == manifest.digest);
  REQUIRE(read.seed == manifest.seed);
  REQUIRE(read.by == "random");
  REQUIRE(read.block_rows == 64);
  REQUIRE(read.weighted);
  REQUIRE_FALSE(read.dense);
  REQUIRE(read.shards.size() == 3);
  REQUIRE(read.shards[1].crc32c == 7);
  REQUIRE(read.rows(false) == 21);
  REQUIRE(read.rows(true) == 12);
}

TEST_CASE("a manifest's digest is that of its text with the digest blank",
          "[data]") {
  auto manifest = example_manifest();
  auto text = to_json(manifest);
  text.replace(text.find(manifest.digest), kDigestLength,
               std::string(kDigestLength, '0'));
  REQUIRE(sha256(as_bytes(text)) == manifest.digest);
  auto other = example_manifest();
  other.shards[0].sha256 = std::string(kDigestLength, 'a');
  to_json(other);
  REQUIRE(other.digest != manifest.digest);
}

TEST_CASE("a folder without a manifest is not found", "[data]") {
  const support::TempDir dir;
  auto none = read_manifest(dir.path());
  REQUIRE_FALSE(none.ok());
  REQUIRE(none.error().code == Code::not_found);
  REQUIRE(none.error().message.find("manifest.json") != std::string::npos);
  REQUIRE_FALSE(write_manifest(dir / "no", example_manifest()).ok());
}

TEST_CASE("a wrong field of a manifest is named with its file", "[data]") {
  const support::TempDir dir;
  support::write_text(dir / kManifestName,
                      manifest_with("\"seed\":", "\"sead\":"));
  REQUIRE(read_manifest(dir.path()).error().message ==
          (dir / kManifestName).string() + ": manifest: 'seed' is missing");
  REQUIRE(manifest_refusal(manifest_with("psmith-dataset", "dataset")) ==
          "manifest: 'format' is not psmith-dataset");
  REQUIRE(manifest_refusal(manifest_with("\"version\":1", "\"version\":2")) ==
          "manifest: 'version' is not 1, the one this build reads");
  REQUIRE(manifest_refusal(
              manifest_with("\"block_rows\":64", "\"block_rows\":0")) ==
          "'block_rows' is out of range");
  REQUIRE(
      manifest_refusal(manifest_with("\"dense\":false", "\"dense\":true")) ==
      "'dense' does not agree with the schema's format");
  REQUIRE(manifest_refusal(
              manifest_with("\"holdout\":false", "\"holdout\":true")) ==
          "shard 2: 'holdout' puts a training shard after a holdout shard");
  REQUIRE(manifest_refusal(manifest_with("\"rows\":10", "\"rows\":11")) ==
          "the digest does not match the text");
}

TEST_CASE("a shard's file cannot lie outside the folder", "[data]") {
  for (const char* name : {"../x", "/etc/passwd", "a/b", "", ".", ".."}) {
    REQUIRE(manifest_refusal(with_shard_file(name)) ==
            "shard 1: 'file' is not the name of a file in this folder");
  }
  REQUIRE(manifest_refusal(with_shard_file("any name")).empty());
}

TEST_CASE("every damaged manifest is refused", "[data]") {
  auto manifest = example_manifest();
  const auto whole = to_json(manifest);
  REQUIRE(manifest_refusal(whole).empty());
  const auto refused = [](const std::string& damaged) {
    if (manifest_refusal(damaged).empty()) FAIL("accepted: " << damaged);
  };
  support::each_truncation(whole, refused);
  support::each_flipped_bit(whole, refused);
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    Rng rng(seed);
    const auto damaged = support::mangled(whole, rng);
    if (damaged != whole) refused(damaged);
  }
}

}  // namespace psmith::data
