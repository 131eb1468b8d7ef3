// InferCore: the client of inference as a state machine. Batches in, messages
// out to workers, answers out in order.
//
// It brings the model to each worker in pieces of at most 1 MiB, one piece
// unanswered at a time, before the first batch; gives batches out by
// infer::Failover; and lets answers leave by infer::Order. A worker that lost
// the model gets it again; one that cannot serve it is left alone. An answer
// of the wrong size counts as no answer, and its worker as unfit.
//
// Pure: it owns no socket and is told the time. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "infer/failover.h"
#include "infer/order.h"
#include "wire/message.h"

namespace psmith::client {

// A model as it travels.
struct ModelFile {
  std::string digest;
  Blob bytes;
  std::uint32_t output_count = 1;  // floats per row
};

struct InferSettings {
  infer::FailoverSettings failover;
  std::size_t window = 64;  // batches unanswered or held back
};

class InferCore {
 public:
  struct Outgoing {
    NodeId worker;
    wire::Message message;
  };
  struct Answer {
    std::uint64_t batch = 0;  // 0, 1, 2, ... as submitted
    Blob raw;                 // (rows, outputs) float32
  };

  InferCore(const InferSettings& settings, ModelFile model);

  void worker_up(Instant now, NodeId worker);
  void worker_down(NodeId worker);
  void on_message(Instant now, NodeId worker, wire::Message message);

  bool open() const { return order_.open(); }
  bool idle() const { return order_.idle(); }
  // A batch of 1 row or more; digest and seq are filled in. Returns its
  // number. REQUIRES: open()
  std::uint64_t submit(Instant now, wire::Predict request,
                       std::vector<Blob> blobs);

  std::vector<Outgoing> step(Instant now);
  std::optional<Answer> next();
  // When step() or failure() may have news though nothing happens.
  std::optional<Instant> deadline() const;
  // Why no answer will come any more: 69.
  std::optional<Failure> failure(Instant now) const;

  // Workers that have the model and may be sent batches.
  std::size_t ready_count() const { return failover_.worker_count(); }
  std::size_t worker_count() const { return workers_.size(); }

 private:
  enum class Stage : std::uint8_t { loading, ready, unfit };
  struct Worker {
    Stage stage = Stage::loading;
    std::uint64_t received = 0;  // of the model, as the worker says
    bool asked = false;          // it has said so
    Instant send_at{};           // loading: (again) at
    unsigned reloads = 0;        // since its last answer
  };
  struct Batch {
    wire::Predict request;
    std::vector<Blob> blobs;
  };

  void on_load_ok(Instant now, NodeId id, const wire::LoadModelOk& body);
  void on_answer(Instant now, NodeId id, std::uint64_t seq,
                 std::vector<Blob> blobs);
  void on_refused(Instant now, NodeId id, const wire::Refused& body);
  void make_unfit(NodeId id, std::string reason);
  wire::Message piece(Worker& worker) const;

  InferSettings settings_;
  ModelFile model_;
  infer::Failover failover_;
  infer::Order<Blob> order_;
  std::map<NodeId, Worker> workers_;
  std::map<std::uint64_t, Batch> batches_;  // not answered yet
  std::uint64_t left_ = 0;                  // answers that have left
  std::string refusal_;                     // newest reason of an unfit worker
};

}  // namespace psmith::client
