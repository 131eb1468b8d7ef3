// InferChunk: a run of records on its way from the reader, by a worker, to the
// writer; and the request that asks a worker about it.
//
// A request's blobs are the chunk's own arrays, not copies. So these live in a
// block that counts its users, and it is free for other records when the last
// of them lets go, be it a socket that never got rid of a message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "data/raw.h"
#include "data/schema.h"
#include "wire/message.h"

namespace psmith::client {

struct InferBlock {
  data::RawBlock records;
  std::vector<float> x;                  // dense: (rows, columns), as trained
  std::vector<std::uint32_t> row_begin;  // sparse: rows + 1
};

// Blocks that keep their memory from one use to the next. Any thread, as any
// thread may let go of a block, after the pool's end too.
class InferBlockPool {
 public:
  // spare_max: unused blocks that it keeps.
  explicit InferBlockPool(std::size_t spare_max);

  std::shared_ptr<InferBlock> take();

 private:
  struct Spare;
  std::shared_ptr<Spare> spare_;
};

// Good record i of the first record_count is row i minus the bad ones before
// it.
struct InferChunk {
  std::shared_ptr<InferBlock> block;
  std::size_t record_count = 0;  // of the block's, to be answered
  std::size_t row_count = 0;     // good ones among them
  Blob raw;                      // (row_count, outputs) float32
  std::string lines;             // the answers as text
  bool more = false;             // behind it are records that were read already

  const data::RawBlock& records() const { return block->records; }
};

// The good rows of a chunk as a request to a worker.
struct InferRequest {
  wire::Predict body;
  std::vector<Blob> blobs;
};

// REQUIRES: row_count > 0; the records were read with this schema
InferRequest request_of(const data::Schema& schema, const InferChunk& chunk);

}  // namespace psmith::client
