// InferStream: records in, answers out, in order; reading, predicting and
// writing overlap.
//
// Three threads: a reader parses records and turns them into batches; the
// reactor's thread (the caller of run()) sends them and puts answers in order;
// a writer hands each answered chunk to the sink. A chunk is filled, answered,
// written and used again: there are at most chunk_max, so memory is bounded
// and a slow sink slows the reader down.
//
// One object, one run().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "client/infer_client.h"
#include "data/raw.h"
#include "data/reader.h"
#include "data/schema.h"

namespace psmith::client {

struct InferStreamOptions {
  InferClientOptions client;
  std::size_t batch_rows = 1024;  // records of a chunk at most
  std::size_t chunk_max = 64;     // also the window of unanswered batches
  bool stop_on_bad = true;  // a bad record ends the run after those before it
  int wake_fd = -1;         // readable: stop reading, answer what was read
};

// A run of records. Good record i of the first record_count is row i minus
// the bad ones before it.
struct InferChunk {
  data::RawBlock block;
  std::size_t record_count = 0;  // of the block's, to be answered
  std::size_t row_count = 0;     // good ones among them
  Blob raw;                      // (row_count, outputs) float32
};

// On the writer's thread, in order; may throw Failure, which ends the run.
// more: another chunk is already there.
using InferSink = std::function<void(const InferChunk&, bool more)>;

struct InferStreamResult {
  std::uint64_t records = 0;  // answered, bad ones too
  std::uint64_t bad = 0;
  bool interrupted = false;  // by wake_fd
};

// Rows of a batch: as many as asked for, but no more than workers take, with
// so many outputs and (dense; else 0) columns a row. At least 1.
std::size_t fit_batch_rows(std::size_t asked, std::uint64_t outputs,
                           std::uint64_t columns);

class InferStream {
 public:
  // reader: opened with the model's schema, keep_text as the sink needs it,
  // keep_bad and may_be_empty. It should ask stop() of this stream's flag.
  InferStream(net::Context& context, InferStreamOptions options,
              ModelFile model, InferSink sink);
  ~InferStream();
  InferStream(const InferStream&) = delete;
  InferStream& operator=(const InferStream&) = delete;

  // For the reader's options: true once the run is ending.
  data::Stop stop() const;

  // Throws Failure: what ended the run, after everything before it was
  // written (65 a bad record, 69 no workers, 74 reading or writing failed).
  InferStreamResult run(std::unique_ptr<data::Reader> reader);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace psmith::client
