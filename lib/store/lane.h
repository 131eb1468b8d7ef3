// Lane: one lane's part of one job, as a state machine.
//
// It takes pushes (sums over subtrees), joins them along the step's reduction
// tree, applies the optimizer once when the root is complete, and answers the
// pulls that wait for the new version. It keeps version v-1 until a push for v
// proves that every lane has v (a worker starts v only when all have answered).
// The lead lane (index 0) leases the leaves too. Early stopping is decided by
// every lane alike, from sums that have the same bits everywhere.
//
// Pure: no sockets, threads, files or clock; the lane's thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "model/curve.h"
#include "model/model.h"
#include "placement/placement.h"
#include "placement/schedule.h"
#include "store/key_cache.h"
#include "store/lane_read.h"
#include "store/lane_state.h"
#include "store/lead.h"
#include "store/tree.h"
#include "store/weights.h"
#include "wire/message.h"

namespace psmith::store {

// What a lane wants done.
struct ToPeer {
  PeerId peer;
  wire::Message message;
};
struct ToLead {
  wire::Message message;
};
struct ToMaster {
  wire::Message message;
};
struct SaveCheckpoint {};  // Lane::state() is what to save, now
using LaneEffect = std::variant<ToPeer, ToLead, ToMaster, SaveCheckpoint>;
using LaneEffects = std::vector<LaneEffect>;

class Lane {
 public:
  struct Limits {
    std::size_t key_cache_bytes = std::size_t{256} << 20;
    std::size_t join_cache_bytes = std::size_t{128} << 20;
    std::size_t key_cache_once_bytes = std::size_t{16} << 20;  // of one epoch
    std::size_t pending_max = 4096;  // pulls that wait, of all workers
    std::size_t pending_bytes = std::size_t{256} << 20;  // of their key lists
    std::size_t worker_max = 65536;
  };

  // REQUIRES: record.lanes[lane_index] is this lane; the settings were
  // checked (make_model, make_optimizer).
  Lane(wire::JobRecord record, std::size_t lane_index, Instant now,
       Limits limits, Faults faults = {});

  // What a checkpoint of version() holds. Between two steps.
  LaneState state() const;
  // Goes on from a checkpoint, of any number of lanes: all of it. Errors:
  // corrupt (it is not whole, or of another job). REQUIRES: nothing was given
  // to this lane yet; after an error it is of no use.
  Status restore(std::span<const LaneState> pieces, Instant now);

  JobId job() const { return record_.job; }
  const wire::JobRecord& record() const { return record_; }
  const Weights& weights() const { return weights_; }
  std::uint64_t version() const { return version_; }
  bool ended() const { return ended_; }
  // The job is over and its weights stay, for clients: frees the rest.
  void settle();
  const placement::Placement& placement() const { return placement_; }
  std::size_t lane_index() const { return lane_index_; }

  // A frame for this job from a worker, a client or (Missing) another lane.
  void on(PeerId peer, wire::Message&& message, Instant now,
          LaneEffects& effects);
  // The workers of the newest view: the others are gone.
  void on_workers(const std::set<NodeId>& alive, Instant now,
                  LaneEffects& effects);
  // Call about every kTick.
  static constexpr Duration kTick = std::chrono::milliseconds(100);
  void tick(Instant now, LaneEffects& effects);

 private:
  struct PendingPull {
    PeerId peer;
    wire::PushPull request;  // without its push
    std::vector<std::shared_ptr<KnownList>> lists;
    bool keys_kept = false;
    std::size_t bytes = 0;
  };

  bool lead() const { return lane_index_ == 0; }
  wire::Message refusal(std::string code, std::string text,
                        std::uint64_t seq) const;
  // Has the request today's recovery and placement numbers? Else it is refused.
  template <class Request>
  bool current(PeerId peer, const Request& request, std::uint64_t seq,
               LaneEffects& effects);
  // Is the worker one of the view? Else the request is refused for a while:
  // the view may be on its way.
  bool member(PeerId peer, NodeId worker, std::uint64_t seq,
              LaneEffects& effects);

  void on_push_pull(PeerId peer, wire::PushPull&& request,
                    std::vector<Blob>&& blobs, Instant now,
                    LaneEffects& effects);
  void on_lease_request(PeerId peer, const wire::LeaseRequest& request,
                        Instant now, LaneEffects& effects);
  void on_ask(PeerId peer, const wire::Ask& ask, LaneEffects& effects);
  void on_missing(const wire::Missing& missing, Instant now);
  void on_fetch(PeerId peer, const wire::Fetch& fetch, LaneEffects& effects);
  void on_put(PeerId peer, const wire::Put& put, std::vector<Blob>&& blobs,
              LaneEffects& effects);

  Status take_put(const wire::Put& put, const std::vector<Blob>& blobs);
  Result<TakenRequest> read(const wire::PushPull& request,
                            std::vector<Blob>& blobs);
  void acknowledge(PeerId peer, const wire::PushPull& request, bool kept,
                   LaneEffects& effects);
  void take(TakenRequest&& taken, NodeId worker, Instant now);

  Status take(const LaneState& piece, std::vector<bool>& found);
  void finish_steps(Instant now, LaneEffects& effects);
  void finish_train(Sum&& root, const placement::Step& step,
                    LaneEffects& effects);
  void finish_eval(Sum&& root, const placement::Step& step);
  void end_if_over(LaneEffects& effects);
  void fail(std::string reason, LaneEffects& effects, std::uint32_t status = 1);
  void open_step(Instant now);
  std::uint32_t leaves_of(std::uint64_t step);

  template <class Which>
  void forget_pending(Which which);
  void answer_pending(LaneEffects& effects);
  void answer(const PendingPull& pull, LaneEffects& effects);
  void send_leases(LaneEffects& effects);
  std::vector<wire::Leaves> leases_for(NodeId worker);
  void report_missing(Instant now, LaneEffects& effects);
  wire::Progress progress() const;
  void report(Instant now, LaneEffects& effects);
  void note(std::string kind, std::string text, NodeId node,
            LaneEffects& effects) const;

  wire::JobRecord record_;
  std::size_t lane_index_;
  Limits limits_;
  Faults faults_;
  std::unique_ptr<const model::Model> model_;
  placement::Placement placement_;
  placement::Schedule schedule_;
  Weights weights_;
  std::vector<std::uint32_t> widths_;  // by table
  KeyCache keys_;
  JoinCache joins_;

  std::uint64_t version_ = 0;
  placement::Step step_;
  Tree tree_{1};
  Instant changed_;  // when the tree last grew
  Instant reported_missing_;
  bool ended_ = false, failed_ = false, done_sent_ = false;

  std::deque<PendingPull> pending_;
  std::size_t pending_bytes_ = 0;
  std::set<NodeId> members_;  // workers of the newest view

  // Evaluation and early stopping: the same in every lane.
  model::Sums eval_sums_;
  model::Curve eval_curve_;  // lead only
  bool restore_ = false;     // the best snapshot waits to be put back
  double best_loss_ = 0;
  bool has_best_ = false;
  std::uint64_t best_version_ = 0, stale_evals_ = 0;

  // Lead only.
  Lead lead_;
  std::map<NodeId, PeerId> worker_peer_;
  std::map<NodeId, std::vector<wire::Leaves>> granted_;
  wire::Progress evaluated_;  // of the evaluation that counts
  wire::Progress latest_eval_;
  bool new_evaluation_ = false, first_grant_ = false;
  model::Sums total_, since_;
  using Bytes = std::pair<std::uint64_t, std::uint64_t>;  // sent, received
  std::map<NodeId, Bytes> bytes_;
  Bytes bytes_gone_;  // of workers that left
  std::uint64_t next_doubling_ = 1;
  Instant reported_;
};

}  // namespace psmith::store
