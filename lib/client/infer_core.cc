#include "client/infer_core.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/format.h"

namespace psmith::client {
namespace {

constexpr std::uint64_t kPieceMax = std::uint64_t{1} << 20U;
constexpr unsigned kReloadMax = 5;
constexpr int kUnreachable = 69;
// A worker parses and checks a whole model after its last piece.
constexpr std::uint64_t kParseBytesPerSecond = std::uint64_t{50} << 20U;

}  // namespace

InferCore::InferCore(const InferSettings& settings, ModelFile model)
    : settings_(settings),
      model_(std::move(model)),
      failover_(settings.failover),
      order_(settings.window) {}

void InferCore::worker_up(Instant now, NodeId worker) {
  const auto [found, fresh] = workers_.try_emplace(worker);
  if (fresh) found->second.send_at = now;
}

void InferCore::worker_down(NodeId worker) {
  failover_.leave(worker);
  workers_.erase(worker);
}

void InferCore::on_message(Instant now, NodeId worker, wire::Message message) {
  if (!workers_.contains(worker)) return;
  if (const auto* body = std::get_if<wire::LoadModelOk>(&message.body)) {
    on_load_ok(now, worker, *body);
  } else if (const auto* body = std::get_if<wire::PredictOk>(&message.body)) {
    on_answer(now, worker, body->seq, std::move(message.blobs));
  } else if (const auto* body = std::get_if<wire::Refused>(&message.body)) {
    on_refused(now, worker, *body);
  }
}

std::uint64_t InferCore::submit(Instant now, wire::Predict request,
                                std::vector<Blob> blobs) {
  PSM_CHECK(request.row_count > 0, "an empty batch");
  request.digest = model_.digest;
  request.seq = order_.ask();
  const auto seq = request.seq;
  batches_.emplace(seq, Batch{std::move(request), std::move(blobs)});
  failover_.submit(now, seq);
  return seq;
}

std::vector<InferCore::Outgoing> InferCore::step(Instant now) {
  std::vector<Outgoing> out;
  const auto parse_time =
      std::chrono::seconds(model_.bytes.size() / kParseBytesPerSecond);
  for (auto& [id, worker] : workers_) {
    if (worker.stage != Stage::loading || worker.send_at > now) continue;
    out.push_back({.worker = id, .message = piece(worker)});
    worker.send_at = now + settings_.failover.silence + parse_time;
    worker.asked = false;  // unless it answers, ask how far it has come
  }
  for (const auto& sent : failover_.step(now)) {
    const Batch& batch = batches_.at(sent.batch);
    out.push_back({.worker = sent.worker,
                   .message = {.body = batch.request, .blobs = batch.blobs}});
  }
  return out;
}

std::optional<InferCore::Answer> InferCore::next() {
  auto raw = order_.next();
  if (!raw) return std::nullopt;
  return Answer{.batch = left_++, .raw = std::move(*raw)};
}

std::optional<Instant> InferCore::deadline() const {
  auto first = failover_.deadline();
  for (const auto& [id, worker] : workers_) {
    if (worker.stage != Stage::loading) continue;
    if (!first || worker.send_at < *first) first = worker.send_at;
  }
  return first;
}

std::optional<Failure> InferCore::failure(Instant now) const {
  if (order_.idle()) return std::nullopt;
  const auto unfit = [](const auto& item) {
    return item.second.stage == Stage::unfit;
  };
  if (!workers_.empty() &&
      std::all_of(workers_.begin(), workers_.end(), unfit)) {
    return Failure(
        kUnreachable,
        error(Code::unavailable, "no worker serves the model ({})", refusal_));
  }
  if (!failover_.gave_up(now)) return std::nullopt;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(
      settings_.failover.timeout);
  return Failure(
      kUnreachable,
      error(Code::timed_out,
            "no worker answered for {} s ({} known)\n"
            "hint: psctl nodes shows who is there; psworker starts one",
            seconds.count(), workers_.size()));
}

void InferCore::on_load_ok(Instant now, NodeId id,
                           const wire::LoadModelOk& body) {
  if (body.digest != model_.digest) return;
  failover_.heard(now, id);
  Worker& worker = workers_.at(id);
  if (worker.stage != Stage::loading) return;
  if (body.received < model_.bytes.size()) {
    worker.received = body.received;
    worker.asked = true;
    worker.send_at = now;
    return;
  }
  worker.stage = Stage::ready;
  failover_.join(now, id);
}

void InferCore::on_answer(Instant now, NodeId id, std::uint64_t seq,
                          std::vector<Blob> blobs) {
  const auto found = batches_.find(seq);
  if (found != batches_.end()) {
    const auto bytes =
        found->second.request.row_count * model_.output_count * sizeof(float);
    if (blobs.size() != 1 || blobs.front().size() != bytes) {
      return make_unfit(id, "a worker's answer had the wrong size");
    }
  }
  workers_.at(id).reloads = 0;
  if (!failover_.answered(now, id, seq)) return;
  batches_.erase(found);
  const bool first = order_.answer(seq, std::move(blobs.front()));
  PSM_CHECK(first, "an open batch had no answer yet");
}

void InferCore::on_refused(Instant now, NodeId id, const wire::Refused& body) {
  Worker& worker = workers_.at(id);
  const auto retry = now + std::chrono::milliseconds(std::clamp<std::uint64_t>(
                               body.retry_ms, 1, 60'000));
  failover_.heard(now, id);
  if (worker.stage == Stage::loading) {
    if (body.code == "busy") {
      worker.asked = false;
      worker.send_at = retry;
    } else if (body.code != "unknown_model") {
      make_unfit(id, body.text);  // unknown_model: of a batch sent before
    }
    return;
  }
  if (worker.stage != Stage::ready) return;
  if (body.code == "busy") {
    return failover_.returned(now, {id, body.seq, retry});
  }
  if (body.code != "unknown_model" || ++worker.reloads > kReloadMax) {
    return make_unfit(id, body.text);
  }
  failover_.leave(id);
  worker.stage = Stage::loading;
  worker.asked = false;
  worker.send_at = now;
}

void InferCore::make_unfit(NodeId id, std::string reason) {
  failover_.leave(id);
  workers_.at(id).stage = Stage::unfit;
  refusal_ = std::move(reason);
}

// The next piece; or, not knowing how far the worker is, none: a question.
wire::Message InferCore::piece(Worker& worker) const {
  wire::LoadModel body;
  body.digest = model_.digest;
  body.total = model_.bytes.size();
  if (!worker.asked) return {.body = body, .blobs = {Blob()}};
  body.offset = worker.received;
  const auto size = std::min(kPieceMax, body.total - body.offset);
  const auto bytes = model_.bytes.bytes().subspan(
      static_cast<std::size_t>(body.offset), static_cast<std::size_t>(size));
  return {.body = body, .blobs = {Blob(model_.bytes.owner(), bytes)}};
}

}  // namespace psmith::client
