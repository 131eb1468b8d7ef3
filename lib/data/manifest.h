// Manifest: the list of a dataset's shards, with rows, bytes and digests, and
// the schema. manifest.json, written last, makes a folder a dataset:
// psmith-formats(5). Immutable after writing; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/path.h"
#include "base/result.h"
#include "data/schema.h"

namespace psmith::data {

struct ShardInfo {
  std::string file;  // relative to the dataset's folder
  std::uint64_t rows = 0;
  std::uint64_t non_zeros = 0;  // sparse: stored entries; dense: rows * columns
  std::uint64_t bytes = 0;
  std::string sha256;        // of the file, hexadecimal
  std::uint32_t crc32c = 0;  // of the file; checked whenever it is opened
  bool holdout = false;
};

struct Manifest {
  std::uint32_t version = 1;
  Schema schema;
  bool dense = false;
  bool weighted = false;
  std::uint32_t block_rows = 128;   // rows of a full micro-batch
  std::uint64_t distinct_keys = 0;  // sparse: an upper estimate is allowed
  std::uint64_t seed = 0;
  std::string by;                 // even, random, weight
  std::vector<ShardInfo> shards;  // train shards first, then holdout
  // SHA-256 of manifest.json with the 64 digits of this digest written as
  // zeros: covers schema, settings and the shards' digests; names the dataset.
  std::string digest;  // filled by write_manifest and read_manifest

  std::uint64_t rows(bool holdout) const;
};

inline constexpr const char* kManifestName = "manifest.json";
inline constexpr std::size_t kManifestMax = std::size_t{64} << 20;  // bytes
inline constexpr std::size_t kShardCountMax = 100000;  // training and holdout
inline constexpr std::uint32_t kBlockRowsMax = 1U << 20;

// The text of manifest.json; fills manifest.digest. The same manifest gives
// the same text.
std::string to_json(Manifest& manifest);
// Checks every field and the digest. Errors: corrupt; name the field.
Result<Manifest> manifest_from_json(std::string_view text);

// Errors: not_found (no folder, no manifest.json), corrupt (says what); name
// the file.
Result<Manifest> read_manifest(const std::filesystem::path& folder);

// Atomically and durably; call it when every shard is committed. Errors: as
// AtomicFile.
Status write_manifest(const std::filesystem::path& folder, Manifest manifest,
                      Durable durable = Durable::yes);

// "shard-00007.safetensors"
std::string shard_file_name(std::size_t index);

}  // namespace psmith::data
