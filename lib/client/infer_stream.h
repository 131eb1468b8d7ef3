// InferStream: records in, answers out, in order; reading, predicting,
// formatting and writing overlap.
//
// Threads: a reader takes parsed records and asks about them; the reactor's
// thread (the caller of run()) sends the requests and puts things in order;
// format_threads turn answers into lines, in any order; a writer writes them,
// in order. A chunk is filled, answered, formatted, written and used again:
// there are at most chunk_max, so memory is bounded and a slow sink slows the
// reader down.
//
// One object, one run().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "client/infer_chunk.h"
#include "client/infer_client.h"
#include "data/reader.h"
#include "data/schema.h"

namespace psmith::client {

struct InferStreamOptions {
  InferClientOptions client;
  std::size_t batch_rows = 1024;  // records of a chunk at most
  std::size_t chunk_max = 64;     // also the window of unanswered batches
  bool stop_on_bad = true;  // a bad record ends the run after those before it
  std::size_t format_threads = 1;
  // How long written lines may wait for others while answers are due.
  Duration flush_delay = std::chrono::milliseconds(10);
  int wake_fd = -1;  // readable: stop reading, answer what was read
};

// Where answered chunks go. What one of these throws (Failure) ends the run.
struct InferSink {
  // chunk.lines from the rest of it. On several threads at a time, in any
  // order.
  std::function<void(InferChunk&)> format;
  // In order, on the writer's thread. May keep lines back until flush().
  std::function<void(const InferChunk&)> write;
  // On the writer's thread: nothing more is about to come, or lines may have
  // waited for flush_delay.
  std::function<void()> flush;
};

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
