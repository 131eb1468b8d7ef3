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

  // A formatter's thread, the writer's thread; either.
  void format_all();
  void write_all();
  void write_some();
  template <class Work>
  void break_off_on_failure(Work work);

  // The reactor's thread.
  void on_chunk(const ChunkPtr& chunk, InferRequest request);
  void on_answer(InferCore::Answer answer);
  void on_formatted(const ChunkPtr& chunk);
  void on_read_end(const std::optional<Failure>& failure);
  void interrupt();
  void end(const Failure& failure);
  void break_off(const Failure& failure);
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
  InferBlockPool blocks;
  BoundedQueue<ChunkPtr> free, answered, formatted;
  std::binary_semaphore read_end{0};
  std::jthread reading, writing;
  std::vector<std::jthread> formatting;

  // The writer's thread only; then whoever waited for its end.
  std::uint64_t written_records = 0, written_bad = 0;

  // The reactor's thread only.
  struct Waiting {
    ChunkPtr chunk;
    bool formatted = false;
  };
  std::deque<Waiting> waiting;  // in order
  std::deque<ChunkPtr> asked;   // of these, those without an answer
  bool reader_ended = false;
  bool ended = false;  // before its time
  bool interrupted = false;
  std::optional<Failure> failure;
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
      blocks(options.chunk_max),
      free(options.chunk_max),
      answered(options.chunk_max),
      formatted(options.chunk_max) {}

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
  const auto& schema = reader->schema();
  const auto batch_rows =
      fit_batch_rows(options.batch_rows, output_count,
                     schema.dense() ? schema.columns.size() : 0);
  for (;;) {
    auto chunk = free.pop();
    if (!chunk || *stopping) return std::nullopt;
    InferChunk& read = **chunk;
    read.block = blocks.take();
    auto more = reader->next(batch_rows, read.block->records);
    std::optional<Failure> last;
    if (!more && !*stopping) {
      last = Failure(data::exit_status(more.error()), more.error());
    }
    if (read.records().record_count == 0) return last;
    if (auto bad = cut(read)) last = std::move(bad);
    InferRequest request;
    if (read.row_count > 0) request = request_of(reader->schema(), read);
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
  const auto& block = chunk.records();
  chunk.raw = Blob();
  chunk.record_count = block.record_count;
  chunk.row_count = block.row_count;
  if (!options.stop_on_bad || block.bad.empty()) return std::nullopt;
  const auto& bad = block.bad.front();
  chunk.record_count = bad.record;  // all before it are good
  chunk.row_count = bad.record;
  return Failure(kBadData, Error{Code::corrupt, bad.message});
}

template <class Work>
void InferStream::Impl::break_off_on_failure(Work work) {
  std::optional<Failure> failed;
  try {
    work();
  } catch (const Failure& failure) {
    failed = failure;
  } catch (const std::exception& fault) {
    failed = Failure(kInternal, Error{Code::exhausted, fault.what()});
  }
  if (failed) reactor.post([this, why = *failed] { break_off(why); });
}

void InferStream::Impl::format_all() {
  break_off_on_failure([this] {
    while (auto chunk = answered.pop()) {
      sink.format(**chunk);
      reactor.post([this, chunk = std::move(*chunk)] { on_formatted(chunk); });
    }
  });
}

void InferStream::Impl::write_all() {
  break_off_on_failure([this] { write_some(); });
  reactor.post([this] { reactor.stop(); });
}

// Lines are flushed when no answer is due, or one that is due is late.
void InferStream::Impl::write_some() {
  std::optional<Instant> flush_at;
  for (;;) {
    auto chunk = flush_at ? formatted.pop_until(*flush_at) : formatted.pop();
    if (!chunk) {
      if (!flush_at) return;
      sink.flush();
      flush_at.reset();
      continue;
    }
    InferChunk& done = **chunk;
    sink.write(done);
    written_records += done.record_count;
    written_bad += done.record_count - done.row_count;
    if (!done.more && formatted.empty()) {
      sink.flush();
      flush_at.reset();
    } else if (!flush_at) {
      flush_at = SteadyClock().now() + options.flush_delay;
    }
    done.block.reset();
    done.raw = Blob();
    free.push(std::move(*chunk));
  }
}

void InferStream::Impl::on_chunk(const ChunkPtr& chunk, InferRequest request) {
  if (ended) return;
  waiting.push_back({.chunk = chunk});
  if (chunk->row_count == 0) {
    answered.push(chunk);
    return;
  }
  asked.push_back(chunk);
  client.submit(std::move(request.body), std::move(request.blobs));
}

void InferStream::Impl::on_answer(InferCore::Answer answer) {
  if (ended) return;
  PSM_CHECK(!asked.empty(), "an answer to a question");
  asked.front()->raw = std::move(answer.raw);
  answered.push(std::move(asked.front()));
  asked.pop_front();
}

void InferStream::Impl::on_formatted(const ChunkPtr& chunk) {
  const auto found =
      std::find_if(waiting.begin(), waiting.end(),
                   [&](const Waiting& one) { return one.chunk == chunk; });
  if (found != waiting.end()) found->formatted = true;
  move_on();
}

void InferStream::Impl::on_read_end(const std::optional<Failure>& end) {
  reader_ended = true;
  if (!failure) failure = end;
  move_on();
}

void InferStream::Impl::interrupt() {
  interrupted = true;
  *stopping = true;
  free.close();
  kick();
  reactor.every(kKick, [this] {
    if (!reader_ended) kick();
  });
}

// No answer will come any more: what has one is still written.
void InferStream::Impl::end(const Failure& why) {
  if (!asked.empty()) {
    const auto first = std::find_if(
        waiting.begin(), waiting.end(),
        [this](const Waiting& one) { return one.chunk == asked.front(); });
    waiting.erase(first, waiting.end());
    asked.clear();
  }
  if (!ended) failure = why;  // the first reason is the one to tell
  ended = true;
  *stopping = true;
  free.close();
  move_on();
}

// Nothing can be written any more.
void InferStream::Impl::break_off(const Failure& why) {
  waiting.clear();
  asked.clear();
  end(why);
}

// Chunks with lines go to the writer, in order.
void InferStream::Impl::move_on() {
  while (!waiting.empty() && waiting.front().formatted) {
    auto chunk = std::move(waiting.front().chunk);
    waiting.pop_front();
    chunk->more = !waiting.empty();
    formatted.push(std::move(chunk));
  }
  if (!waiting.empty() || !(reader_ended || ended)) return;
  answered.close();
  formatted.close();
}

void InferStream::Impl::finish() {
  *stopping = true;
  free.close();
  answered.close();
  formatted.close();
  if (reading.joinable()) {
    while (!read_end.try_acquire_for(kKick)) kick();
    reading.join();
  }
  for (auto& thread : formatting) {
    if (thread.joinable()) thread.join();
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
  for (std::size_t i = 0; i < run.options.format_threads; ++i) {
    run.formatting.emplace_back([&run] { run.format_all(); });
  }
  run.writing = std::jthread([&run] { run.write_all(); });
  run.reactor.run();
  run.finish();
  if (run.failure) throw *run.failure;
  return {.records = run.written_records,
          .bad = run.written_bad,
          .interrupted = run.interrupted};
}

}  // namespace psmith::client
