#include "client/infer_stream.h"

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <semaphore>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/queue.h"
#include "data/apply.h"
#include "data/input.h"
#include "net/reactor.h"
#include "wire/limits.h"

namespace psmith::client {
namespace {

constexpr int kBadData = 65;
constexpr int kInternal = 70;
constexpr Duration kKick = std::chrono::milliseconds(20);

using ChunkPtr = std::shared_ptr<InferChunk>;

// A read that blocks ends with EINTR when this signal comes to its thread.
constexpr int kKickSignal = SIGURG;

void allow_kicks() {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  ::sigaction(kKickSignal, &action, nullptr);
}

// The good rows of a chunk as a request to a worker.
struct Request {
  wire::Predict body;
  std::vector<Blob> blobs;
};

Request request_of(const data::Schema& schema, const InferChunk& chunk,
                   data::BatchBuffer& buffer) {
  data::apply(schema, chunk.block, 0, chunk.row_count, buffer);
  Request request;
  request.body.row_count = buffer.row_count;
  request.body.column_count = buffer.column_count;
  if (buffer.column_count > 0) {
    request.blobs = {Blob::of(std::move(buffer.x))};
    buffer.x = {};
    return request;
  }
  const auto batch = buffer.batch();
  const auto copy = [](auto values) {
    return Blob::of(std::vector(values.begin(), values.end()));
  };
  request.blobs = {copy(batch.key), copy(batch.row_begin), copy(batch.local),
                   copy(batch.value)};
  return request;
}

}  // namespace

std::size_t fit_batch_rows(std::size_t asked, std::uint64_t outputs,
                           std::uint64_t columns) {
  constexpr std::uint64_t kInputMax = std::uint64_t{1} << 24;  // floats: 64 MiB
  auto rows = std::min<std::uint64_t>(asked, wire::kPredictRowMax);
  if (outputs > 0) rows = std::min(rows, wire::kPredictOutputMax / outputs);
  if (columns > 0) rows = std::min(rows, kInputMax / columns);
  return static_cast<std::size_t>(std::max<std::uint64_t>(rows, 1));
}

struct InferStream::Impl {
  Impl(net::Context& context, InferStreamOptions options, ModelFile model,
       InferSink sink);

  // The reader's thread.
  void read_all();
  std::optional<Failure> read_some();
  std::optional<Failure> cut(InferChunk& chunk) const;

  // The writer's thread.
  void write_all();

  // The reactor's thread.
  void on_chunk(const ChunkPtr& chunk, Request request);
  void on_answer(InferCore::Answer answer);
  void on_read_end(const std::optional<Failure>& failure);
  void interrupt();
  void end(const Failure& failure);
  void move_on();
  void kick() { ::pthread_kill(reading.native_handle(), kKickSignal); }
  void finish();

  const InferStreamOptions options;
  const std::uint64_t output_count;
  const InferSink sink;
  std::unique_ptr<data::Reader> reader;  // the reader's thread only
  net::Reactor reactor;
  InferClient client;
  std::shared_ptr<std::atomic<bool>> stopping =
      std::make_shared<std::atomic<bool>>(false);
  BoundedQueue<ChunkPtr> free, answered;
  std::binary_semaphore read_end{0};
  std::jthread reading, writing;

  // The reactor's thread only.
  struct Waiting {
    ChunkPtr chunk;
    bool answered = false;
  };
  std::deque<Waiting> waiting;  // in order
  bool reader_ended = false;
  bool ended = false;  // before its time
  std::optional<Failure> failure;
  InferStreamResult result;
};

InferStream::Impl::Impl(net::Context& context, InferStreamOptions options_in,
                        ModelFile model, InferSink sink_in)
    : options(std::move(options_in)),
      output_count(model.output_count),
      sink(std::move(sink_in)),
      client(context, reactor,
             [this] {
               auto client_options = options.client;
               client_options.settings.window = options.chunk_max;
               return client_options;
             }(),
             std::move(model),
             {.on_answer =
                  [this](InferCore::Answer a) { on_answer(std::move(a)); },
              .on_failed = [this](const Failure& f) { end(f); }}),
      free(options.chunk_max),
      answered(options.chunk_max) {}

void InferStream::Impl::read_all() {
  std::optional<Failure> end;
  try {
    end = read_some();
  } catch (const Failure& failure) {
    end = failure;
  } catch (const std::exception& fault) {
    end = Failure(kInternal, Error{Code::exhausted, fault.what()});
  }
  reactor.post([this, end = std::move(end)] { on_read_end(end); });
  read_end.release();
}

// Until the end, a failure, or the run's end.
std::optional<Failure> InferStream::Impl::read_some() {
  data::BatchBuffer buffer;
  const auto& schema = reader->schema();
  const auto batch_rows =
      fit_batch_rows(options.batch_rows, output_count,
                     schema.dense() ? schema.columns.size() : 0);
  for (;;) {
    auto chunk = free.pop();
    if (!chunk || *stopping) return std::nullopt;
    auto more = reader->next(batch_rows, (*chunk)->block);
    std::optional<Failure> last;
    if (!more && !*stopping) {
      last = Failure(data::exit_status(more.error()), more.error());
    }
    InferChunk& read = **chunk;
    if (read.block.record_count == 0) return last;
    if (auto bad = cut(read)) last = std::move(bad);
    Request request;
    if (read.row_count > 0) {
      request = request_of(reader->schema(), read, buffer);
    }
    reactor.post([this, chunk = std::move(*chunk),
                  request = std::move(request)]() mutable {
      on_chunk(chunk, std::move(request));
    });
    if (last || !more) return last;
  }
}

// How much of the block is answered; the failure of its first bad record if
// that ends the run.
std::optional<Failure> InferStream::Impl::cut(InferChunk& chunk) const {
  const auto& block = chunk.block;
  chunk.raw = Blob();
  chunk.record_count = block.record_count;
  chunk.row_count = block.row_count;
  if (!options.stop_on_bad || block.bad.empty()) return std::nullopt;
  const auto& bad = block.bad.front();
  chunk.record_count = bad.record;  // all before it are good
  chunk.row_count = bad.record;
  return Failure(kBadData, Error{Code::corrupt, bad.message});
}

void InferStream::Impl::write_all() {
  try {
    while (auto chunk = answered.pop()) {
      sink(**chunk, !answered.empty());
      const auto records = (*chunk)->record_count;
      const auto bad = records - (*chunk)->row_count;
      reactor.post([this, records, bad] {
        result.records += records;
        result.bad += bad;
      });
      free.push(std::move(*chunk));
    }
  } catch (const Failure& failure) {
    reactor.post([this, failure] { end(failure); });
  } catch (const std::exception& fault) {
    reactor.post(
        [this, f = Failure(kInternal, Error{Code::exhausted, fault.what()})] {
          end(f);
        });
  }
  reactor.post([this] { reactor.stop(); });
}

void InferStream::Impl::on_chunk(const ChunkPtr& chunk, Request request) {
  if (ended) return;
  waiting.push_back({.chunk = chunk, .answered = chunk->row_count == 0});
  if (chunk->row_count > 0) {
    client.submit(std::move(request.body), std::move(request.blobs));
  }
  move_on();
}

void InferStream::Impl::on_answer(InferCore::Answer answer) {
  for (auto& one : waiting) {
    if (one.answered) continue;
    one.chunk->raw = std::move(answer.raw);
    one.answered = true;
    break;
  }
  move_on();
}

void InferStream::Impl::on_read_end(const std::optional<Failure>& end) {
  reader_ended = true;
  if (!failure) failure = end;
  move_on();
}

void InferStream::Impl::interrupt() {
  result.interrupted = true;
  *stopping = true;
  free.close();
  kick();
  reactor.every(kKick, [this] {
    if (!reader_ended) kick();
  });
}

// No answer will come any more, or none can be written.
void InferStream::Impl::end(const Failure& why) {
  failure = why;
  ended = true;
  *stopping = true;
  free.close();
  answered.close();
}

// Chunks that are answered go to the writer, in order.
void InferStream::Impl::move_on() {
  while (!waiting.empty() && waiting.front().answered) {
    answered.push(std::move(waiting.front().chunk));
    waiting.pop_front();
  }
  if (reader_ended && waiting.empty()) answered.close();
}

void InferStream::Impl::finish() {
  *stopping = true;
  free.close();
  answered.close();
  if (reading.joinable()) {
    while (!read_end.try_acquire_for(kKick)) kick();
    reading.join();
  }
  if (writing.joinable()) writing.join();
}

InferStream::InferStream(net::Context& context, InferStreamOptions options,
                         ModelFile model, InferSink sink)
    : impl_(std::make_unique<Impl>(context, std::move(options),
                                   std::move(model), std::move(sink))) {
  allow_kicks();
}

InferStream::~InferStream() { impl_->finish(); }

data::Stop InferStream::stop() const {
  return [flag = impl_->stopping] { return flag->load(); };
}

InferStreamResult InferStream::run(std::unique_ptr<data::Reader> reader) {
  Impl& run = *impl_;
  for (std::size_t i = 0; i < run.options.chunk_max; ++i) {
    run.free.push(std::make_shared<InferChunk>());
  }
  run.client.start();
  if (run.options.wake_fd >= 0) {
    const auto watch = std::make_shared<net::WatchId>();
    *watch = run.reactor.watch(run.options.wake_fd, [&run, watch] {
      run.reactor.unwatch(*watch);
      run.interrupt();
    });
  }
  run.reader = std::move(reader);
  run.reading = std::jthread([&run] { run.read_all(); });
  run.writing = std::jthread([&run] { run.write_all(); });
  run.reactor.run();
  run.finish();
  if (run.failure) throw *run.failure;
  return run.result;
}

}  // namespace psmith::client
