// Round trips of a worker and a lane that sums and applies, beside bare ones
// of as many bytes.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

#include "net/socket.h"
#include "tests/bench/echo.h"
#include "tests/bench/lab.h"
#include "tests/bench/rows.h"

namespace psmith::bench {
namespace {

using Clock = std::chrono::steady_clock;

// Times each call; the median in microseconds is the counter p50.
template <class Call>
void time_each(benchmark::State& state, Call call) {
  std::vector<double> seconds;
  for (int i = 0; i < 3; ++i) call();  // buffers, pages, the slow start of tcp
  for (auto _ : state) {
    const auto begin = Clock::now();
    call();
    const std::chrono::duration<double> took = Clock::now() - begin;
    state.SetIterationTime(took.count());
    seconds.push_back(took.count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + seconds.size() / 2,
                   seconds.end());
  state.counters["p50_us"] = 1e6 * seconds[seconds.size() / 2];
}

// ---- dense ------------------------------------------------------------------

struct Dense {
  std::size_t columns = 0;
  bool tcp = true;
  std::size_t lanes = 1;
};

// Push a gradient of the whole tensor, pull the next version into an array.
void dense(benchmark::State& state, const Dense& options) {
  Lab lab(options.tcp, {.columns = options.columns, .lanes = options.lanes});
  std::vector<std::vector<Blob>> gradient(options.lanes);
  std::vector<std::vector<float>> weights(options.lanes);
  std::size_t size = 0;
  for (std::size_t lane = 0; lane < options.lanes; ++lane) {
    for (const auto& range : lab.placement().ranges(lane)) {
      gradient[lane].push_back(
          Blob::of(std::vector<float>(range.size(), 1e-6F)));
      weights[lane].resize(weights[lane].size() + range.size());
    }
    size += weights[lane].size();
  }
  std::uint64_t step = 0;
  time_each(state, [&] {
    std::vector<wire::Message> requests;
    for (std::size_t lane = 0; lane < options.lanes; ++lane) {
      auto request = lab.request();
      request.push = {push_of({step, 0, 1})};
      request.pulls = true;
      request.pull_version = step + 1;
      requests.push_back({std::move(request), gradient[lane]});
    }
    ++step;
    lab.call(std::move(requests), [&](std::size_t lane, wire::Message answer) {
      auto* to = reinterpret_cast<std::byte*>(weights[lane].data());
      for (const auto& blob : answer.blobs) {
        std::memcpy(to, blob.bytes().data(), blob.size());
        to += blob.size();
      }
    });
    benchmark::ClobberMemory();
  });
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(2 * size * sizeof(float)));
}

void echo(benchmark::State& state, const EchoOptions& options) {
  Echo echo(options);
  time_each(state, [&] { echo.call(); });
  state.SetBytesProcessed(
      state.iterations() *
      static_cast<std::int64_t>(options.request_bytes + options.answer_bytes));
}

std::size_t large() { return pick(std::size_t{1} << 20, 1000); }  // floats

// A lane a core, as psserver has by default.
std::size_t lanes() {
  return std::max(1U, std::thread::hardware_concurrency());
}

void dense_tcp(benchmark::State& state) {
  dense(state, {.columns = large(), .lanes = lanes()});
}
void dense_lane(benchmark::State& state) { dense(state, {.columns = large()}); }
void dense_inproc(benchmark::State& state) {
  dense(state, {.columns = large(), .tcp = false});
}
void dense_echo(benchmark::State& state) {
  echo(state, {.request_bytes = 4 * large(), .answer_bytes = 4 * large()});
}
// With the send buffer that psmith has on loopback.
void dense_buffer(benchmark::State& state) {
  echo(state, {.request_bytes = 4 * large(),
               .answer_bytes = 4 * large(),
               .send_buffer = net::kLoopbackSendBytes});
}
void small_tcp(benchmark::State& state) { dense(state, {.columns = 8}); }
void small_inproc(benchmark::State& state) {
  dense(state, {.columns = 8, .tcp = false});
}
void small_echo(benchmark::State& state) {
  echo(state, {.request_bytes = 36, .answer_bytes = 36});
}

BENCHMARK(dense_tcp)->Name("push_pull/psmith")->UseManualTime();
BENCHMARK(dense_echo)->Name("push_pull/echo")->UseManualTime();
BENCHMARK(dense_tcp)->Name("push_pull_buffer/psmith")->UseManualTime();
BENCHMARK(dense_buffer)->Name("push_pull_buffer/echo")->UseManualTime();
BENCHMARK(dense_inproc)->Name("push_pull_inproc/psmith")->UseManualTime();
BENCHMARK(dense_lane)->Name("push_pull_inproc/tcp")->UseManualTime();
BENCHMARK(small_tcp)->Name("push_pull_small/psmith")->UseManualTime();
BENCHMARK(small_echo)->Name("push_pull_small/echo")->UseManualTime();
BENCHMARK(small_inproc)->Name("push_pull_small_inproc/psmith")->UseManualTime();
BENCHMARK(small_tcp)->Name("push_pull_small_inproc/tcp")->UseManualTime();

// ---- keys -------------------------------------------------------------------

std::size_t key_count() { return pick(1000000, 1000); }

// A worker that pushes and pulls one float for each of its keys. raw: the keys
// come with every message, and the lane remembers no list.
class Keys {
 public:
  explicit Keys(bool raw)
      : raw_(raw),
        lab_(true, {.key_cache_bytes = raw ? 0 : std::size_t{1} << 30}),
        key_(Blob::of(sorted_keys(key_count()))),
        value_(Blob::of(std::vector<float>(key_count(), 1e-6F))),
        bias_(Blob::of(std::vector<float>{1e-6F})),
        out_(key_count()) {
    push(true);
    pull();
  }

  void push(bool with_keys) {
    auto request = lab_.request();
    auto part = push_of({version_++, 0, 1});
    part.lists = {list_of(0, key_count(), with_keys)};
    request.push = {std::move(part)};
    std::vector<Blob> blobs{bias_};
    if (with_keys) blobs.push_back(key_);
    blobs.push_back(value_);
    const auto answer = lab_.call({std::move(request), std::move(blobs)});
    if (!std::holds_alternative<wire::PushOk>(answer.body)) unexpected();
  }
  void push() { push(raw_); }

  void pull() {
    auto request = lab_.request();
    request.pulls = true;
    request.pull_version = version_;
    wire::PullPart part;
    part.leaves = {version_, 0, 1};
    part.lists = {list_of(0, key_count(), raw_)};
    request.pull = {std::move(part)};
    std::vector<Blob> blobs;
    if (raw_) blobs.push_back(key_);
    const auto answer = lab_.call({std::move(request), std::move(blobs)});
    if (answer.blobs.size() != 2) unexpected();
    const auto& values = answer.blobs[1];
    if (values.size() != out_.size() * sizeof(float)) unexpected();
    std::memcpy(out_.data(), values.bytes().data(), values.size());
    benchmark::DoNotOptimize(out_.data());
  }

 private:
  [[noreturn]] static void unexpected() {
    throw Failure(1, Error{Code::corrupt, "the lane's answer does not fit"});
  }

  bool raw_;
  Lab lab_;
  Blob key_, value_, bias_;
  std::vector<float> out_;
  std::uint64_t version_ = 0;
};

void per_key(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() *
                          static_cast<std::int64_t>(key_count()));
}

void push_keys(benchmark::State& state, bool raw) {
  Keys keys(raw);
  time_each(state, [&] { keys.push(); });
  per_key(state);
}
void pull_keys(benchmark::State& state, bool raw) {
  Keys keys(raw);
  time_each(state, [&] { keys.pull(); });
  per_key(state);
}
// A bare message of the same bytes one way, a short one the other.
void carry(benchmark::State& state, std::size_t up, std::size_t down) {
  constexpr std::size_t kShort = 36;
  echo(state, {.request_bytes = std::max(kShort, up * key_count()),
               .answer_bytes = std::max(kShort + 1, down * key_count())});
  per_key(state);
}

void push_list(benchmark::State& state) { push_keys(state, false); }
void push_list_echo(benchmark::State& state) { carry(state, 4, 0); }
void pull_list(benchmark::State& state) { pull_keys(state, false); }
void pull_list_echo(benchmark::State& state) { carry(state, 0, 4); }
void push_raw(benchmark::State& state) { push_keys(state, true); }
void push_raw_echo(benchmark::State& state) { carry(state, 12, 0); }
void pull_raw(benchmark::State& state) { pull_keys(state, true); }
void pull_raw_echo(benchmark::State& state) { carry(state, 8, 4); }

BENCHMARK(push_list)->Name("push_key_list/psmith")->UseManualTime();
BENCHMARK(push_list_echo)->Name("push_key_list/echo")->UseManualTime();
BENCHMARK(pull_list)->Name("pull_key_list/psmith")->UseManualTime();
BENCHMARK(pull_list_echo)->Name("pull_key_list/echo")->UseManualTime();
BENCHMARK(push_raw)->Name("push_raw_keys/psmith")->UseManualTime();
BENCHMARK(push_raw_echo)->Name("push_raw_keys/echo")->UseManualTime();
BENCHMARK(pull_raw)->Name("pull_raw_keys/psmith")->UseManualTime();
BENCHMARK(pull_raw_echo)->Name("pull_raw_keys/echo")->UseManualTime();

}  // namespace
}  // namespace psmith::bench
