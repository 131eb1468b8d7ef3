#include "client/infer_stream.h"

#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include "base/format.h"
#include "tests/client/infer_workers.h"
#include "tests/support/temp_dir.h"
#include "wire/limits.h"

using namespace psmith;
using namespace psmith::client;
using namespace std::chrono_literals;

namespace {

data::Schema schema() {
  data::Schema schema;
  schema.format = data::Format::csv;
  schema.header = true;
  schema.columns = {{"a", 0, 1}, {"b", 0, 1}};
  schema.label = "y";
  return schema;
}

// One line per record: what came out.
struct Out {
  std::vector<std::string> lines;
  InferStreamResult result;
  std::optional<Failure> failure;
  int flushes = 0;
};

struct Setup {
  int workers = 2;
  bool late = false;
  std::uint64_t refuse_at = ~std::uint64_t{0};
  std::size_t batch_rows = 7;
  std::size_t format_threads = 2;
  float unformatted = -1;  // an answer that cannot be turned into text
  Duration flush_delay = 1ms;
  bool stop_on_bad = true;
  std::size_t fail_after = ~std::size_t{0};  // lines
  Duration timeout = 60s;
  std::size_t release_at = 0;  // chunks written, after which nothing is late
  bool release_on_line = false;
  std::function<void(const std::string&)> on_line = {};
};

// A line for each record.
void put_lines(InferChunk& chunk, float unformatted) {
  const auto raw = chunk.raw.values<float>();
  auto bad = chunk.records().bad.begin();
  chunk.lines.clear();
  for (std::size_t i = 0, row = 0; i < chunk.record_count; ++i) {
    if (bad != chunk.records().bad.end() && bad->record == i) {
      chunk.lines += "bad\n";
      ++bad;
    } else {
      if (raw.at(row) == unformatted) {
        throw Failure(70, Error{Code::exhausted, "no memory"});
      }
      chunk.lines += format("{}\n", raw[row++]);
    }
  }
  if (raw.size() != chunk.row_count) chunk.lines += "too many\n";
}

Out run(const std::string& input, const Setup& setup) {
  Workers workers(setup.workers, setup.late, setup.refuse_at);
  InferStreamOptions options;
  options.client.workers = workers.addresses();
  options.client.settings.failover.timeout = setup.timeout;
  options.batch_rows = setup.batch_rows;
  options.chunk_max = 4;
  options.format_threads = setup.format_threads;
  options.flush_delay = setup.flush_delay;
  options.stop_on_bad = setup.stop_on_bad;
  Out out;
  const auto format_lines = [&](InferChunk& chunk) {
    put_lines(chunk, setup.unformatted);
  };
  std::vector<std::string> written;  // and not flushed
  const auto flush = [&] {
    ++out.flushes;
    for (auto& line : std::exchange(written, {})) {
      out.lines.push_back(std::move(line));
      if (setup.on_line) setup.on_line(out.lines.back());
      if (setup.release_on_line) workers.release();
    }
  };
  std::size_t writes = 0;
  const auto write = [&](const InferChunk& chunk) {
    if (++writes == setup.release_at) workers.release();
    std::istringstream lines(chunk.lines);
    for (std::string line; std::getline(lines, line);) {
      if (out.lines.size() + written.size() >= setup.fail_after) {
        flush();
        throw Failure(74, Error{Code::unavailable, "full"});
      }
      written.push_back(line);
    }
  };
  InferStream stream(workers.context, options,
                     {.digest = "d",
                      .bytes = Blob::of(std::vector<std::byte>(10)),
                      .output_count = 1},
                     {.format = format_lines, .write = write, .flush = flush});
  data::ReaderOptions reader;
  reader.inputs = {input};
  reader.schema = schema();
  reader.labels = data::LabelUse::ignored;
  reader.keep_bad = true;
  reader.may_be_empty = true;
  reader.max_delay = 1ms;
  reader.stop = stream.stop();
  try {
    auto opened = data::Reader::open(reader);
    REQUIRE(opened);
    out.result = stream.run(std::move(*opened));
  } catch (const Failure& failure) {
    out.failure = failure;
  }
  return out;
}

std::string write(const support::TempDir& dir, const std::string& text) {
  const auto path = (dir.path() / "in.csv").string();
  std::ofstream(path) << text;
  return path;
}

std::string rows(int begin, int end) {
  std::string text;
  for (int i = begin; i < end; ++i) text += format("{},0\n", i);
  return text;
}

}  // namespace

TEST_CASE("records stream through several workers in order", "[client]") {
  const support::TempDir dir;
  const auto path = write(dir, "a,b\n" + rows(0, 1000));
  for (const int workers : {1, 3}) {
    const auto threads = static_cast<std::size_t>(workers);
    const auto out = run(path, {.workers = workers, .format_threads = threads});
    REQUIRE_FALSE(out.failure);
    REQUIRE(out.result.records == 1000);
    REQUIRE(out.lines.size() == 1000);
    for (std::size_t i = 0; i < 1000; ++i) {
      REQUIRE(out.lines[i] == format("{}", 2 * i));
    }
  }
}

TEST_CASE("lines are not flushed while more are about to come", "[client]") {
  const support::TempDir dir;
  const auto path = write(dir, "a,b\n" + rows(0, 70));  // 10 batches
  const auto out = run(
      path, {.workers = 1, .late = true, .flush_delay = 1h, .release_at = 9});
  REQUIRE_FALSE(out.failure);
  REQUIRE(out.lines.size() == 70);
  REQUIRE(out.flushes == 1);
}

TEST_CASE("lines wait no longer than they may for a late answer", "[client]") {
  const support::TempDir dir;
  const auto path = write(dir, "a,b\n" + rows(0, 14));
  // The second batch is answered only when a line of the first is out.
  const auto out =
      run(path, {.workers = 1, .late = true, .release_on_line = true});
  REQUIRE_FALSE(out.failure);
  REQUIRE(out.lines.size() == 14);
}

TEST_CASE("what was answered before the workers failed is written",
          "[client]") {
  const support::TempDir dir;
  const auto path = write(dir, "a,b\n" + rows(0, 70));
  const auto out = run(
      path, {.workers = 1, .late = true, .refuse_at = 4, .flush_delay = 1h});
  REQUIRE(out.failure);
  REQUIRE(out.failure->status == 69);
  REQUIRE(out.lines.size() == 28);
}

TEST_CASE("a batch has no more rows than workers take", "[client]") {
  REQUIRE(fit_batch_rows(1024, 1, 0) == 1024);
  REQUIRE(fit_batch_rows(1U << 30U, 1, 0) == wire::kPredictRowMax);
  REQUIRE(fit_batch_rows(1U << 20U, 1000, 0) == wire::kPredictOutputMax / 1000);
  REQUIRE(fit_batch_rows(1024, 1U << 30U, 0) == 1);
  REQUIRE(fit_batch_rows(1024, 1, 1U << 20U) == 16);
  REQUIRE(fit_batch_rows(1024, 1, 1U << 30U) == 1);
}

TEST_CASE("no records are no lines", "[client]") {
  const support::TempDir dir;
  const auto out = run(write(dir, "a,b\n"), {});
  REQUIRE_FALSE(out.failure);
  REQUIRE(out.lines.empty());
}

TEST_CASE("a bad record ends the run after those before it", "[client]") {
  const support::TempDir dir;
  const auto path = write(dir, "a,b\n" + rows(0, 40) + "x,0\n" + rows(41, 90));
  const auto out = run(path, {});
  REQUIRE(out.failure);
  REQUIRE(out.failure->status == 65);
  REQUIRE_THAT(out.failure->what(), Catch::Contains("in.csv:42:1"));
  REQUIRE(out.lines.size() == 40);
}

TEST_CASE("bad records keep their places when they may stay", "[client]") {
  const support::TempDir dir;
  const auto path = write(
      dir, "a,b\nx,0\nx,0\n" + rows(2, 40) + "x,0\n" + rows(41, 60) + "x,0\n");
  const auto out = run(path, {.batch_rows = 2, .stop_on_bad = false});
  REQUIRE_FALSE(out.failure);
  REQUIRE(out.result.bad == 4);
  REQUIRE(out.result.records == 61);
  const std::set<std::size_t> bad{0, 1, 40, 60};
  for (std::size_t i = 0; i < out.lines.size(); ++i) {
    REQUIRE(out.lines[i] == (bad.contains(i) ? "bad" : format("{}", 2 * i)));
  }
}

TEST_CASE("a sink that fails ends the run, however much is left", "[client]") {
  const support::TempDir dir;
  const auto path = write(dir, "a,b\n" + rows(0, 5000));
  const auto out = run(path, {.fail_after = 100});
  REQUIRE(out.failure);
  REQUIRE(out.failure->status == 74);
  REQUIRE(out.lines.size() == 100);
}

TEST_CASE("answers that cannot be formatted end the run", "[client]") {
  const support::TempDir dir;
  const auto path = write(dir, "a,b\n" + rows(0, 5000));
  const auto check = [](const Out& out) {
    REQUIRE(out.failure);
    REQUIRE(out.lines.size() <= 28);
    for (std::size_t i = 0; i < out.lines.size(); ++i) {
      REQUIRE(out.lines[i] == format("{}", 2 * i));
    }
  };
  for (const std::size_t threads : {1U, 3U}) {
    const auto out = run(path, {.format_threads = threads, .unformatted = 60});
    check(out);
    REQUIRE(out.failure->status == 70);
    // And when the workers fail at about that time.
    check(run(path, {.workers = 1,
                     .late = true,
                     .refuse_at = 5,
                     .format_threads = threads,
                     .unformatted = 60}));
  }
}

namespace {

// An input that stays open until the test closes it.
class Pipe {
 public:
  Pipe() { REQUIRE(::pipe(ends_.data()) == 0); }
  ~Pipe() {
    close_writer();
    ::close(ends_[0]);
  }
  void write(const std::string& text) const {
    REQUIRE(::write(ends_[1], text.data(), text.size()) ==
            static_cast<ssize_t>(text.size()));
  }
  void close_writer() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }
  std::string path() const { return format("/dev/fd/{}", ends_[0]); }

 private:
  std::array<int, 2> ends_{};
};

}  // namespace

TEST_CASE("a record is answered before the next one comes", "[client]") {
  Pipe pipe;
  pipe.write("a,b\n1,0\n");
  int answered = 0;
  const auto out = run(pipe.path(), {.on_line = [&](const std::string&) {
                         if (++answered < 5) {
                           pipe.write("1,0\n");
                         } else {
                           pipe.close_writer();
                         }
                       }});
  REQUIRE_FALSE(out.failure);
  REQUIRE(out.lines.size() == 5);
}

TEST_CASE("a reader that waits for input does not keep a run that failed",
          "[client]") {
  Pipe pipe;
  pipe.write("a,b\n1,0\n");
  SECTION("for want of workers") {
    const auto out = run(pipe.path(), {.workers = 0, .timeout = 50ms});
    REQUIRE(out.failure);
    REQUIRE(out.failure->status == 69);
  }
  SECTION("because nothing can be written") {
    const auto out = run(pipe.path(), {.fail_after = 0});
    REQUIRE(out.failure);
    REQUIRE(out.failure->status == 74);
  }
}
