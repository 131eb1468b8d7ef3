// Shard: one immutable file of examples, mapped and read without copying.
//
// Layout (psmith-formats(5)): safetensors with tensors
//   label F32 (rows), weight F32 (rows, only when weighted) and
//   dense:  x F32 (rows, columns)
//   sparse: key U64 (all key lists end to end), key_begin U64 (blocks + 1),
//           row_begin U64 (rows + 1), local U32 (entries),
//           value F32 (entries; absent when every value is 1)
// Sparse micro-batches (blocks) are fixed: block_rows rows each, the last one
// short. open() checks every offset, index, order and number in one pass over
// the file, so block() cannot fail. psmith only ever replaces whole files; what
// others do to one shows in unchanged(). Const after open; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "data/manifest.h"
#include "tensor/batch.h"

namespace psmith::data {

class Shard {
 public:
  // Errors: not_found, corrupt ("shard-00001.safetensors: ..."). Checked: size,
  // CRC-32C and structure; the SHA-256 is left to psdata verify.
  static Result<std::shared_ptr<const Shard>> open(
      const std::filesystem::path& folder, const Manifest& manifest,
      std::size_t index);

  virtual ~Shard() = default;
  virtual std::uint64_t row_count() const = 0;
  virtual std::uint64_t block_count() const = 0;

  // Is the file as it was opened? To be asked before and after its blocks are
  // used. Errors (corrupt): it was cut, or other content was written to it.
  Status unchanged() const;

  // Micro-batch i, REQUIRES: i < block_count(). Labels are as stored: numbers,
  // or indices for text. Sparse row_begin offsets count from the block's own
  // first entry; the arrays that need rebasing live in `scratch`, which must
  // outlive the batch. A batch without rows: the file was changed, and
  // unchanged() says so.
  struct Scratch {
    std::vector<std::uint32_t> row_begin, local;
    std::vector<float> label;
  };
  virtual tensor::Batch block(std::uint64_t i, Scratch& scratch) const = 0;

  // Dense only: a job may use another micro-batch than the manifest's.
  // block(i) then covers rows [i * rows, (i + 1) * rows). A sparse shard
  // REQUIRES: rows == the manifest's block_rows.
  virtual std::shared_ptr<const Shard> with_block_rows(
      std::uint32_t rows) const = 0;

 protected:
  struct Whole {
    Blob bytes;  // of the file
    std::string name;
    std::uint32_t crc32c = 0;
  };
  Whole whole_;
};

}  // namespace psmith::data
