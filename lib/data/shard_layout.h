// The names inside a shard file, for its writer and its reader. Pure; any
// thread.
#pragma once

#include <cstdint>
#include <string>

#include "file/safetensors.h"

namespace psmith::data {

inline constexpr const char* kLabelName = "label";
inline constexpr const char* kWeightName = "weight";
inline constexpr const char* kXName = "x";
inline constexpr const char* kKeyName = "key";
inline constexpr const char* kKeyBeginName = "key_begin";
inline constexpr const char* kRowBeginName = "row_begin";
inline constexpr const char* kLocalName = "local";
inline constexpr const char* kValueName = "value";

// REQUIRES: block_rows > 0
constexpr std::uint64_t block_count_of(std::uint64_t rows,
                                       std::uint64_t block_rows) {
  return rows / block_rows + (rows % block_rows != 0 ? 1 : 0);
}

// A dense shard's rows belong to no block: the job decides.
inline file::Metadata shard_metadata(bool dense, std::uint32_t block_rows) {
  file::Metadata metadata{{"format", "psmith-shard"},
                          {"version", "1"},
                          {"kind", dense ? "dense" : "sparse"}};
  if (!dense) metadata["block_rows"] = std::to_string(block_rows);
  return metadata;
}

}  // namespace psmith::data
