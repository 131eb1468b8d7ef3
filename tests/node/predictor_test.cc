#include "node/predictor.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "base/rng.h"
#include "client/infer_core.h"
#include "tests/node/dense_model.h"
#include "tests/support/no_memory.h"

using namespace psmith;
using namespace psmith::node;
using namespace std::chrono_literals;

namespace {

struct File {
  std::string digest;
  std::vector<std::byte> bytes;
};

File file_of(data::SavedModel saved) {
  auto bytes = data::serialise(saved);
  return {.digest = saved.digest, .bytes = std::move(bytes)};
}

wire::Message piece(const File& file, std::size_t offset, std::size_t size) {
  const auto part = std::span(file.bytes).subspan(offset, size);
  return {.body = wire::LoadModel{.digest = file.digest,
                                  .offset = offset,
                                  .total = file.bytes.size()},
          .blobs = {Blob::of(std::vector(part.begin(), part.end()))}};
}

std::uint64_t received(const wire::Message& message) {
  return std::get<wire::LoadModelOk>(message.body).received;
}

std::string code(const wire::Message& message) {
  const auto* body = std::get_if<wire::Refused>(&message.body);
  return body == nullptr ? "" : body->code;
}

void load(Predictor& predictor, const File& file) {
  REQUIRE(received(predictor.on(piece(file, 0, file.bytes.size()))) ==
          file.bytes.size());
}

wire::Message dense_request(const File& file, std::vector<float> x) {
  wire::Predict body;
  body.digest = file.digest;
  body.seq = 42;
  body.row_count = x.size() / 3;
  body.column_count = 3;
  return {.body = body, .blobs = {Blob::of(std::move(x))}};
}

std::vector<float> raw(const wire::Message& message) {
  REQUIRE(std::holds_alternative<wire::PredictOk>(message.body));
  return message.blobs.at(0).values<float>();
}

}  // namespace

TEST_CASE("a model comes in pieces and then predicts", "[node]") {
  const auto file = file_of(dense_model());
  Predictor predictor;
  REQUIRE(code(predictor.on(dense_request(file, {1, 2, 3}))) ==
          "unknown_model");
  REQUIRE(received(predictor.on(piece(file, 0, 0))) == 0);
  std::size_t offset = 0;
  while (offset < file.bytes.size()) {
    const auto size = std::min<std::size_t>(100, file.bytes.size() - offset);
    offset += size;
    REQUIRE(received(predictor.on(piece(file, offset - size, size))) == offset);
  }
  const auto answer = predictor.on(dense_request(file, {1, 0, 0, 0, 1, 1}));
  REQUIRE(std::get<wire::PredictOk>(answer.body).seq == 42);
  REQUIRE(raw(answer) == std::vector<float>{1.5F, 3.5F, 5.5F, 10.5F});
}

TEST_CASE("a repeated or early piece is answered with how far it has come",
          "[node]") {
  const auto file = file_of(dense_model());
  Predictor predictor;
  REQUIRE(received(predictor.on(piece(file, 0, 50))) == 50);
  REQUIRE(received(predictor.on(piece(file, 0, 50))) == 50);
  REQUIRE(received(predictor.on(piece(file, 100, 50))) == 50);
  REQUIRE(received(predictor.on(piece(file, 0, 0))) == 50);
  load(predictor, file_of(dense_model(2)));
  REQUIRE(received(predictor.on(piece(file, 50, file.bytes.size() - 50))) ==
          file.bytes.size());
  REQUIRE(received(predictor.on(piece(file, 0, 10))) == file.bytes.size());
}

TEST_CASE("what there is no memory for is asked again, and then answered",
          "[node]") {
  if (!support::obeyed()) return;
  auto large = dense_model();
  large.schema.columns.clear();
  for (int i = 0; i < 3; ++i) {
    large.schema.columns.push_back({std::string(100000, "abc"[i]), 0, 1});
  }
  const auto file = file_of(large);
  const auto whole = piece(file, 0, file.bytes.size());
  const auto question = dense_request(file, std::vector<float>(300000, 1));
  Predictor predictor;
  {
    const support::SmallMemory small(file.bytes.size() - 1);
    REQUIRE(code(predictor.on(whole)) == "busy");
  }
  // Room for the file, but not for what is made of it.
  {
    const support::SmallMemory small(file.bytes.size());
    REQUIRE(code(predictor.on(whole)) == "busy");
  }
  REQUIRE(received(predictor.on(piece(file, 0, 0))) == 0);
  load(predictor, file);
  {
    const support::SmallMemory small(200000);
    const auto answer = predictor.on(question);
    REQUIRE(code(answer) == "busy");
    REQUIRE(std::get<wire::Refused>(answer.body).seq == 42);
    REQUIRE(std::get<wire::Refused>(answer.body).retry_ms > 0);
  }
  REQUIRE(raw(predictor.on(question)).size() == 200000);
}

TEST_CASE("pieces that are no part of a model are refused", "[node]") {
  const auto file = file_of(dense_model());
  Predictor predictor;
  auto message = piece(file, 0, 50);
  auto& body = std::get<wire::LoadModel>(message.body);
  SECTION("no digest") { body.digest.clear(); }
  SECTION("an endless digest") { body.digest.assign(1000, 'x'); }
  SECTION("no bytes at all") { body.total = 0; }
  SECTION("past its end") { body.offset = file.bytes.size(); }
  SECTION("an offset beyond everything") { body.offset = ~std::uint64_t{0}; }
  SECTION("too large a piece") {
    message.blobs = {Blob::of(std::vector<std::byte>(kModelPieceMax + 1))};
    body.total = ~std::uint64_t{0};
  }
  SECTION("two frames") { message.blobs.push_back(message.blobs.front()); }
  REQUIRE(code(predictor.on(message)) == "bad_message");
  REQUIRE(predictor.model_count() == 0);
}

TEST_CASE("a damaged model is refused and forgotten", "[node]") {
  auto file = file_of(dense_model());
  Predictor predictor;
  file.bytes[file.bytes.size() / 2] ^= std::byte{1};
  REQUIRE(code(predictor.on(piece(file, 0, file.bytes.size()))) == "invalid");
  file.bytes[file.bytes.size() / 2] ^= std::byte{1};
  load(predictor, file);
}

TEST_CASE("a model under another's digest is refused", "[node]") {
  auto file = file_of(dense_model());
  file.digest = file_of(dense_model(2)).digest;
  Predictor predictor;
  REQUIRE(code(predictor.on(piece(file, 0, file.bytes.size()))) == "invalid");
}

TEST_CASE("the least recently used model makes room", "[node]") {
  Predictor predictor({.model_max = 2});
  const auto first = file_of(dense_model(1));
  const auto second = file_of(dense_model(2));
  const auto third = file_of(dense_model(3));
  load(predictor, first);
  load(predictor, second);
  REQUIRE(code(predictor.on(dense_request(first, {1, 2, 3}))).empty());
  load(predictor, third);
  REQUIRE(predictor.model_count() == 2);
  REQUIRE(code(predictor.on(dense_request(first, {1, 2, 3}))).empty());
  REQUIRE(code(predictor.on(dense_request(second, {1, 2, 3}))) ==
          "unknown_model");
}

TEST_CASE("models are kept within their bytes", "[node]") {
  const auto first = file_of(dense_model(1));
  const auto second = file_of(dense_model(2));
  const auto byte_max = first.bytes.size() * 3 / 2;
  Predictor predictor({.model_max = 8, .byte_max = byte_max});
  load(predictor, first);
  load(predictor, second);
  REQUIRE(predictor.model_count() == 1);
  auto large = piece(first, 0, 10);
  auto& body = std::get<wire::LoadModel>(large.body);
  body.digest = "large";
  body.total = byte_max + 1;
  REQUIRE(code(predictor.on(large)) == "invalid");
  REQUIRE(predictor.model_count() == 1);
}

TEST_CASE("a batch that does not fit the model is refused, with its number",
          "[node]") {
  const auto file = file_of(dense_model());
  Predictor predictor;
  load(predictor, file);
  const auto answer = predictor.on(dense_request(file, {1, 2, 3, 4}));
  REQUIRE(code(answer) == "invalid");
  REQUIRE(std::get<wire::Refused>(answer.body).seq == 42);
}

TEST_CASE("a worker predicts and nothing else", "[node]") {
  Predictor predictor;
  REQUIRE(code(predictor.on({.body = wire::Nodes{}, .blobs = {}})) ==
          "bad_message");
}

namespace {

// Real predictors and the real client core in virtual time; workers are
// killed, replaced and cut off as the seed says.
std::vector<float> run_cluster(const File& file, std::uint64_t seed,
                               int& kills) {
  Rng rng(seed);
  client::InferCore core(
      {.failover = {.divide =
                        seed % 2 ? infer::Divide::even : infer::Divide::random,
                    .outstanding_max = 2,
                    .silence = 1s,
                    .timeout = 1000s,
                    .seed = seed},
       .window = 6},
      {.digest = file.digest,
       .bytes = Blob::of(file.bytes),
       .output_count = 2});
  struct Mail {
    NodeId worker;
    wire::Message message;
    bool to_worker;
  };
  std::map<NodeId, std::unique_ptr<Predictor>> workers;
  std::multimap<Instant, Mail> mail;
  std::vector<float> out;
  std::uint64_t last = 0, row = 0;
  Instant now{1000s};
  while (out.size() < 2 * 300) {
    now += std::chrono::milliseconds(rng.below(50));
    if (workers.size() < 2) {
      workers[NodeId(++last)] = std::make_unique<Predictor>();
      core.worker_up(now, NodeId(last));
    }
    if (rng.below(40) == 0) {
      core.worker_down(workers.begin()->first);
      workers.erase(workers.begin());
      ++kills;
    }
    while (row < 300 && core.open()) {
      const auto rows = std::min<std::uint64_t>(1 + rng.below(9), 300 - row);
      std::vector<float> x;
      for (std::uint64_t i = 0; i < rows; ++i, ++row) {
        const auto v = static_cast<float>(row);
        x.insert(x.end(), {v, 1, -v});
      }
      auto request = dense_request(file, std::move(x));
      core.submit(now, std::get<wire::Predict>(request.body), request.blobs);
    }
    while (!mail.empty() && mail.begin()->first <= now) {
      auto item = std::move(mail.extract(mail.begin()).mapped());
      if (!item.to_worker) {
        core.on_message(now, item.worker, std::move(item.message));
      } else if (const auto found = workers.find(item.worker);
                 found != workers.end() && rng.below(30) != 0) {
        mail.emplace(now + std::chrono::milliseconds(rng.below(700)),
                     Mail{item.worker, found->second->on(item.message), false});
      }
    }
    for (auto& sent : core.step(now)) {
      mail.emplace(now + std::chrono::milliseconds(rng.below(300)),
                   Mail{sent.worker, std::move(sent.message), true});
    }
    REQUIRE_FALSE(core.failure(now));
    while (const auto answer = core.next()) {
      const auto raw = answer->raw.values<float>();
      out.insert(out.end(), raw.begin(), raw.end());
    }
  }
  return out;
}

}  // namespace

TEST_CASE("whoever is killed, every row is answered once and in order",
          "[node]") {
  const auto file = file_of(dense_model());
  std::vector<float> expected;
  for (int row = 0; row < 300; ++row) {
    const auto v = static_cast<float>(row);
    expected.insert(expected.end(),
                    {v + 2 - 3 * v + 0.5F, 4 * v + 5 - 6 * v - 0.5F});
  }
  int kills = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    INFO("seed " << seed);
    REQUIRE(run_cluster(file, seed, kills) == expected);
  }
  REQUIRE(kills > 50);
}
