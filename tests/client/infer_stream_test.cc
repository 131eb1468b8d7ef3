#include "client/infer_stream.h"

#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <string>
#include <thread>

#include "base/format.h"
#include "net/context.h"
#include "net/reactor.h"
#include "net/socket.h"
#include "tests/support/temp_dir.h"
#include "wire/limits.h"

using namespace psmith;
using namespace psmith::client;
using namespace std::chrono_literals;

namespace {

// A worker on a thread of its own; the answer is a row's first column, doubled.
class Workers {
 public:
  explicit Workers(int count) {
    for (int i = 0; i < count; ++i) {
      nodes_.push_back(std::make_unique<Node>(context, i));
    }
  }
  ~Workers() {
    for (auto& node : nodes_) node->reactor.stop();
  }

  std::vector<std::string> addresses() const {
    std::vector<std::string> out;
    for (const auto& node : nodes_) out.push_back(node->address);
    return out;
  }

  net::Context context;

 private:
  struct Node {
    Node(net::Context& context, int number)
        : router(reactor, context,
                 [this](PeerId peer, const wire::Message& m) { on(peer, m); }),
          address(router.bind(format("inproc://w{}", number)).value(70)),
          thread([this] { reactor.run(); }) {}

    void on(PeerId peer, const wire::Message& m) {
      if (const auto* load = std::get_if<wire::LoadModel>(&m.body)) {
        router.send(peer, {.body = wire::LoadModelOk{.digest = load->digest,
                                                     .received = load->total},
                           .blobs = {}});
      } else if (const auto* ask = std::get_if<wire::Predict>(&m.body)) {
        const auto x = m.blobs.at(0).values<float>();
        std::vector<float> raw;
        for (std::size_t i = 0; i < x.size(); i += ask->column_count) {
          raw.push_back(2 * x[i]);
        }
        router.send(peer, {.body = wire::PredictOk{.seq = ask->seq},
                           .blobs = {Blob::of(std::move(raw))}});
      }
    }

    net::Reactor reactor;
    net::RouterSocket router;
    std::string address;
    std::jthread thread;
  };
  std::vector<std::unique_ptr<Node>> nodes_;
};

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
};

struct Setup {
  int workers = 2;
  std::size_t batch_rows = 7;
  bool stop_on_bad = true;
  std::size_t fail_after = ~std::size_t{0};  // lines
  Duration timeout = 60s;
  std::function<void(const std::string&)> on_line;
};

Out run(const std::string& input, const Setup& setup) {
  Workers workers(setup.workers);
  InferStreamOptions options;
  options.client.workers = workers.addresses();
  options.client.settings.failover.timeout = setup.timeout;
  options.batch_rows = setup.batch_rows;
  options.chunk_max = 4;
  options.stop_on_bad = setup.stop_on_bad;
  Out out;
  const auto sink = [&](const InferChunk& chunk, bool) {
    const auto raw = chunk.raw.values<float>();
    REQUIRE(raw.size() == chunk.row_count);
    auto bad = chunk.block.bad.begin();
    for (std::size_t i = 0, row = 0; i < chunk.record_count; ++i) {
      if (out.lines.size() >= setup.fail_after) {
        throw Failure(74, Error{Code::unavailable, "full"});
      }
      if (bad != chunk.block.bad.end() && bad->record == i) {
        out.lines.emplace_back("bad");
        ++bad;
      } else {
        out.lines.push_back(format("{}", raw[row++]));
      }
      if (setup.on_line) setup.on_line(out.lines.back());
    }
  };
  InferStream stream(workers.context, options,
                     {.digest = "d",
                      .bytes = Blob::of(std::vector<std::byte>(10)),
                      .output_count = 1},
                     sink);
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
    const auto out = run(path, {.workers = workers, .on_line = {}});
    REQUIRE_FALSE(out.failure);
    REQUIRE(out.result.records == 1000);
    REQUIRE(out.lines.size() == 1000);
    for (std::size_t i = 0; i < 1000; ++i) {
      REQUIRE(out.lines[i] == format("{}", 2 * i));
    }
  }
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
  const auto out = run(write(dir, "a,b\n"), {.on_line = {}});
  REQUIRE_FALSE(out.failure);
  REQUIRE(out.lines.empty());
}

TEST_CASE("a bad record ends the run after those before it", "[client]") {
  const support::TempDir dir;
  const auto path = write(dir, "a,b\n" + rows(0, 40) + "x,0\n" + rows(41, 90));
  const auto out = run(path, {.on_line = {}});
  REQUIRE(out.failure);
  REQUIRE(out.failure->status == 65);
  REQUIRE_THAT(out.failure->what(), Catch::Contains("in.csv:42:1"));
  REQUIRE(out.lines.size() == 40);
}

TEST_CASE("bad records keep their places when they may stay", "[client]") {
  const support::TempDir dir;
  const auto path = write(
      dir, "a,b\nx,0\nx,0\n" + rows(2, 40) + "x,0\n" + rows(41, 60) + "x,0\n");
  const auto out =
      run(path, {.batch_rows = 2, .stop_on_bad = false, .on_line = {}});
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
  const auto out = run(path, {.fail_after = 100, .on_line = {}});
  REQUIRE(out.failure);
  REQUIRE(out.failure->status == 74);
  REQUIRE(out.lines.size() == 100);
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
    const auto out =
        run(pipe.path(), {.workers = 0, .timeout = 50ms, .on_line = {}});
    REQUIRE(out.failure);
    REQUIRE(out.failure->status == 69);
  }
  SECTION("because nothing can be written") {
    const auto out = run(pipe.path(), {.fail_after = 0, .on_line = {}});
    REQUIRE(out.failure);
    REQUIRE(out.failure->status == 74);
  }
}
