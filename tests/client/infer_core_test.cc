#include "client/infer_core.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

using namespace psmith;
using namespace psmith::client;
using namespace std::chrono_literals;

namespace {

const Instant kStart{1000s};
const NodeId kA(1), kB(2);
constexpr std::size_t kThreePieceBytes = (std::size_t{2} << 20U) + 10;

ModelFile three_pieces() {
  return {.digest = "d1",
          .bytes = Blob::of(std::vector<std::byte>(kThreePieceBytes)),
          .output_count = 1};
}

InferCore make_core() {
  return InferCore(
      {.failover = {.outstanding_max = 2, .silence = 4s, .timeout = 60s},
       .window = 8},
      three_pieces());
}

wire::Message load_ok(std::uint64_t received) {
  return {.body = wire::LoadModelOk{.digest = "d1", .received = received},
          .blobs = {}};
}

wire::Message predict_ok(std::uint64_t seq, std::vector<float> raw) {
  return {.body = wire::PredictOk{.seq = seq},
          .blobs = {Blob::of(std::move(raw))}};
}

wire::Message refused_message(std::string code, std::uint64_t seq = 0) {
  wire::Refused body;
  body.code = std::move(code);
  body.text = "because";
  body.seq = seq;
  body.retry_ms = 100;
  return {.body = body, .blobs = {}};
}

std::uint64_t submit(InferCore& core, Instant now, std::uint64_t rows = 1) {
  wire::Predict request;
  request.row_count = rows;
  return core.submit(now, request, {});
}

// The seqs of the Predict messages to a worker.
std::set<std::uint64_t> predicts(const std::vector<InferCore::Outgoing>& out,
                                 NodeId worker) {
  std::set<std::uint64_t> seqs;
  for (const auto& sent : out) {
    const auto* body = std::get_if<wire::Predict>(&sent.message.body);
    if (body != nullptr && sent.worker == worker) seqs.insert(body->seq);
  }
  return seqs;
}

// Has the model and may be sent batches.
void make_ready(InferCore& core, Instant now, NodeId worker) {
  core.worker_up(now, worker);
  core.step(now);
  core.on_message(now, worker, load_ok(kThreePieceBytes));
}

}  // namespace

TEST_CASE("a worker is asked what it has, then given the rest", "[client]") {
  auto core = make_core();
  core.worker_up(kStart, kA);
  auto out = core.step(kStart);
  REQUIRE(out.size() == 1);
  REQUIRE(out[0].message.blobs.at(0).size() == 0);
  REQUIRE(std::get<wire::LoadModel>(out[0].message.body).total ==
          kThreePieceBytes);
  REQUIRE(core.step(kStart).empty());

  std::uint64_t received = 7;  // another client began
  while (received < kThreePieceBytes) {
    core.on_message(kStart, kA, load_ok(received));
    out = core.step(kStart);
    REQUIRE(out.size() == 1);
    const auto& body = std::get<wire::LoadModel>(out[0].message.body);
    REQUIRE(body.offset == received);
    REQUIRE(out[0].message.blobs.at(0).size() <= (1U << 20U));
    REQUIRE(out[0].message.blobs.at(0).size() > 0);
    received += out[0].message.blobs.at(0).size();
    REQUIRE(core.ready_count() == 0);
  }
  REQUIRE(received == kThreePieceBytes);
  core.on_message(kStart, kA, load_ok(received));
  REQUIRE(core.ready_count() == 1);
}

TEST_CASE("a lost piece is followed by a question", "[client]") {
  auto core = make_core();
  core.worker_up(kStart, kA);
  core.step(kStart);
  core.on_message(kStart, kA, load_ok(0));
  REQUIRE(core.step(kStart).size() == 1);
  REQUIRE(core.step(kStart + 3s).empty());
  const auto out = core.step(kStart + 5s);
  REQUIRE(out.size() == 1);
  REQUIRE(out[0].message.blobs.at(0).size() == 0);
}

TEST_CASE("answers leave in order", "[client]") {
  auto core = make_core();
  make_ready(core, kStart, kA);
  make_ready(core, kStart, kB);
  submit(core, kStart);
  submit(core, kStart);
  const auto out = core.step(kStart);
  REQUIRE(predicts(out, kA) == std::set<std::uint64_t>{0});
  REQUIRE(predicts(out, kB) == std::set<std::uint64_t>{1});
  core.on_message(kStart, kB, predict_ok(1, {11}));
  REQUIRE_FALSE(core.next());
  core.on_message(kStart, kA, predict_ok(0, {10}));
  core.on_message(kStart, kA, predict_ok(0, {99}));
  auto first = core.next();
  REQUIRE(first->batch == 0);
  REQUIRE(first->raw.values<float>() == std::vector<float>{10});
  REQUIRE(core.next()->raw.values<float>() == std::vector<float>{11});
  REQUIRE(core.idle());
}

TEST_CASE("a dead worker's batches go to another", "[client]") {
  auto core = make_core();
  make_ready(core, kStart, kA);
  submit(core, kStart);
  REQUIRE(predicts(core.step(kStart), kA).size() == 1);
  make_ready(core, kStart, kB);
  SECTION("when the view leaves it out") {
    core.worker_down(kA);
    REQUIRE(predicts(core.step(kStart), kB).size() == 1);
  }
  SECTION("when it does not answer") {
    REQUIRE(core.step(kStart + 3s).empty());
    REQUIRE(predicts(core.step(kStart + 4s), kB).size() == 1);
  }
  SECTION("when its answer has the wrong size") {
    core.on_message(kStart, kA, predict_ok(0, {1, 2}));
    REQUIRE(predicts(core.step(kStart), kB).size() == 1);
    REQUIRE_FALSE(core.failure(kStart));
  }
}

TEST_CASE("a worker that lost the model gets it again", "[client]") {
  auto core = make_core();
  make_ready(core, kStart, kA);
  submit(core, kStart);
  REQUIRE(core.step(kStart).size() == 1);
  core.on_message(kStart, kA, refused_message("unknown_model", 0));
  auto out = core.step(kStart);
  REQUIRE(out.size() == 1);
  REQUIRE(std::holds_alternative<wire::LoadModel>(out[0].message.body));
  core.on_message(kStart, kA, load_ok(kThreePieceBytes));
  REQUIRE(predicts(core.step(kStart), kA).size() == 1);

  SECTION("but not for ever") {
    for (int i = 0; i < 5; ++i) {
      core.on_message(kStart, kA, refused_message("unknown_model", 0));
      core.step(kStart);
      core.on_message(kStart, kA, load_ok(kThreePieceBytes));
      core.step(kStart);
    }
    REQUIRE(core.failure(kStart)->status == 69);
  }
}

TEST_CASE("a busy worker is asked again later", "[client]") {
  auto core = make_core();
  make_ready(core, kStart, kA);
  submit(core, kStart);
  core.step(kStart);
  core.on_message(kStart, kA, refused_message("busy", 0));
  REQUIRE(core.step(kStart + 99ms).empty());
  REQUIRE(core.deadline() == kStart + 100ms);
  REQUIRE(predicts(core.step(kStart + 100ms), kA).size() == 1);
}

TEST_CASE("a model that no worker can serve ends the run with the reason",
          "[client]") {
  auto core = make_core();
  core.worker_up(kStart, kA);
  core.step(kStart);
  submit(core, kStart);
  core.on_message(kStart, kA, refused_message("invalid"));
  const auto failure = core.failure(kStart);
  REQUIRE(failure);
  REQUIRE(failure->status == 69);
  REQUIRE_THAT(failure->what(), Catch::Contains("because"));
}

TEST_CASE("with no worker left it waits for the timeout", "[client]") {
  auto core = make_core();
  REQUIRE_FALSE(core.failure(kStart + 1000s));
  submit(core, kStart);
  REQUIRE_FALSE(core.failure(kStart + 59s));
  const auto failure = core.failure(kStart + 60s);
  REQUIRE(failure);
  REQUIRE(failure->status == 69);
}

TEST_CASE("messages of strangers and of no use are ignored", "[client]") {
  auto core = make_core();
  core.on_message(kStart, kA, predict_ok(0, {1}));
  make_ready(core, kStart, kA);
  core.on_message(kStart, kA, predict_ok(5, {1, 2, 3}));
  core.on_message(kStart, kA, {.body = wire::Nodes{}, .blobs = {}});
  core.on_message(kStart, kA, load_ok(kThreePieceBytes));
  REQUIRE(core.ready_count() == 1);
  REQUIRE_FALSE(core.next());
}
