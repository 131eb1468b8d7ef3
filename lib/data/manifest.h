// Manifest: the list of a dataset's shards, with rows, bytes and digests, and
// the schema. manifest.json, written last, makes a folder a dataset:
// psmith-formats(5). Immutable after writing; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/schema.h"

namespace psmith::data {

struct ShardInfo {
  std::string file;  // relative to the dataset's folder
  std::uint64_t rows = 0;
  std::uint64_t non_zeros = 0;  // sparse: stored entries; dense: rows * columns
  std::uint64_t bytes = 0;
  std::string sha256;  // of the file, hexadecimal
  bool holdout = false;
};

struct Manifest {
  std::uint32_t version = 1;
  Schema schema;
  bool dense = false;
  bool weighted = false;
  std::uint32_t block_rows = 128;  // rows of a full micro-batch
  std::uint64_t distinct_keys = 0;  // sparse: an upper estimate is allowed
  std::uint64_t seed = 0;
  std::string by;  // even, random, weight
  std::vector<ShardInfo> shards;  // train shards first, then holdout
  // SHA-256 over schema, settings and the shards' digests: names the dataset.
  std::string digest;

  std::uint64_t rows(bool holdout) const;
};

// Errors: not_found (no folder, no manifest.json), corrupt (says what).
Result<Manifest> read_manifest(const std::filesystem::path& folder);
Status write_manifest(const std::filesystem::path& folder, Manifest manifest);

}  // namespace psmith::data
