// WorkerCore: a worker's part of one job, as a state machine.
//
// It holds leases on runs of leaves. A lease is prepared (its key lists are
// merged, off this thread), pulled (version v from every lane), computed (off
// this thread) and pushed (one sum per subtree, to every lane); the push of
// one lease carries the pull of the next. What is not answered is asked about
// and sent again; a worker that only waits asks for its leases again, for the
// message that held them may be lost. A lane that refuses for good, or that is
// silent for too long, makes it give the job up. Pure: no sockets, threads,
// files or clock; the reactor thread only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "model/model.h"
#include "node/key_plan.h"
#include "placement/placement.h"
#include "placement/schedule.h"
#include "store/sum.h"
#include "store/tree.h"
#include "wire/message.h"

namespace psmith::node {

// One lease, as compute threads see it; filled before they do.
struct Work {
  std::uint64_t id = 0;
  wire::Leaves leaves;
  placement::Step step;
  std::vector<store::Node> nodes;  // the run's subtrees, in order
  std::vector<std::shared_ptr<const KeyPlan>> plans;  // by node; for tables
  std::vector<std::vector<float>> dense;   // whole tensors at version `step`
  std::vector<std::vector<float>> values;  // by node, then table: plan's keys
};

struct ToLane {
  std::size_t lane = 0;
  wire::Message message;
};
struct NoteMaster {
  wire::Note note;
};
// Fill work->plans, then call prepared(id).
struct PrepareWork {
  std::shared_ptr<Work> work;
};
// Compute one Sum per node, then call computed(id, sums).
struct ComputeWork {
  std::shared_ptr<const Work> work;
};
// This worker cannot work for the job: report why, then call give_up().
struct GiveUp {
  Error error;
};
using WorkerEffect =
    std::variant<ToLane, NoteMaster, PrepareWork, ComputeWork, GiveUp>;
using WorkerEffects = std::vector<WorkerEffect>;

class WorkerCore {
 public:
  static constexpr Duration kAskAfter = std::chrono::seconds(1);
  static constexpr Duration kAskMax = std::chrono::seconds(8);
  static constexpr Duration kRetry = std::chrono::milliseconds(50);
  static constexpr Duration kRetryMax = std::chrono::seconds(2);
  static constexpr unsigned kRefusedMax = 6;  // "bad message", for one request
  // A lane is silent too while it waits for a checkpoint to be written.
  static constexpr Duration kLaneSilence = std::chrono::minutes(5);
  static constexpr Duration kTick = std::chrono::milliseconds(20);

  WorkerCore(NodeId self, wire::JobRecord record);

  const wire::JobRecord& record() const { return record_; }
  const model::Model& model() const { return *model_; }
  const placement::Placement& placement() const { return placement_; }

  // A frame from lane `lane` (its index in the record).
  void on(std::size_t lane, wire::Message&& message, Instant now,
          WorkerEffects& effects);
  void prepared(std::uint64_t id, Instant now, WorkerEffects& effects);
  void computed(std::uint64_t id, std::vector<store::Sum> sums, Instant now,
                WorkerEffects& effects);
  // Call at the start, then about every kTick.
  void tick(Instant now, WorkerEffects& effects);

  // Drops every lease; from now on tick() only tells the lead lane so.
  void give_up();

  // A lane refused the record's numbers: only a new StartJob helps.
  bool stale() const { return stale_; }
  bool idle() const { return leases_.empty(); }

 private:
  enum class Stage : std::uint8_t {
    preparing,
    prepared,
    pulling,
    computing,
    pushing
  };
  struct Lease {
    std::shared_ptr<Work> work;
    Stage stage = Stage::preparing;
    std::set<std::size_t> waiting;  // lanes that have not answered
    std::shared_ptr<const std::vector<store::Sum>> sums;
  };
  // One request to one lane that is not answered yet.
  struct Request {
    std::uint64_t push = 0, pull = 0;  // leases, 0: none
    Instant sent;
    Duration wait = kAskAfter;
    bool again = false;    // resend it when the wait is over, do not ask
    unsigned refused = 0;  // times
    unsigned bad = 0;      // of these, times in a row for good
  };
  using ListName = std::tuple<std::uint64_t, std::uint32_t, std::uint32_t,
                              std::uint32_t, std::size_t>;

  void on_leases(const std::vector<wire::Leaves>& leaves, Instant now,
                 WorkerEffects& effects);
  void take_lease(const wire::Leaves& run, WorkerEffects& effects);
  std::vector<wire::Leaves> not_held(const wire::Leaves& run) const;
  void on_pull_ok(std::size_t lane, const wire::PullOk& ok,
                  std::vector<Blob>&& blobs, Instant now,
                  WorkerEffects& effects);
  void on_refused(std::size_t lane, const wire::Refused& refused, Instant now,
                  WorkerEffects& effects);
  void refused_again(Request& request, bool for_good, const std::string& text,
                     Instant now, WorkerEffects& effects) const;
  void ask_or_resend(std::size_t lane, Instant now, WorkerEffects& effects);
  void ask_for_leases(Instant now, WorkerEffects& effects);
  void listen_for_silence(Instant now, WorkerEffects& effects);
  bool fill(std::size_t lane, Work& work, std::vector<Blob>& blobs);
  void answered_push(std::size_t lane, std::uint64_t id);
  void remember_lists(std::size_t lane, std::uint64_t id);
  void forget_lists(std::size_t lane, const Work& work);
  void start_pulls(Instant now, WorkerEffects& effects);
  bool will_be_carried(const Lease& lease) const;
  // REQUIRES: requests_[lane] holds seq
  void send(std::size_t lane, std::uint64_t seq, bool with_keys, Instant now,
            WorkerEffects& effects);
  wire::KeyList list_name(const Work& work, std::size_t node) const;
  void add_list(std::size_t lane, const Work& work, std::size_t node,
                std::size_t table, bool with_keys, wire::KeyList& name,
                std::vector<Blob>& blobs) const;
  void add_push(std::size_t lane, const Lease& lease, bool with_keys,
                wire::PushPull& out, std::vector<Blob>& blobs) const;
  void add_pull(std::size_t lane, const Work& work, bool with_keys,
                wire::PushPull& out, std::vector<Blob>& blobs) const;
  void note_once(bool& done, std::string kind, std::string text,
                 WorkerEffects& effects) const;
  bool gradient(const Work& work) const { return !work.step.eval; }

  NodeId self_;
  wire::JobRecord record_;
  std::unique_ptr<const model::Model> model_;
  placement::Placement placement_;
  placement::Schedule schedule_;
  std::map<std::uint64_t, Lease> leases_;                   // by id
  std::vector<std::map<std::uint64_t, Request>> requests_;  // by lane, seq
  std::vector<std::set<ListName>> known_;                   // by lane
  std::uint64_t next_id_ = 1, next_seq_ = 1;
  std::uint64_t sent_bytes_ = 0, received_bytes_ = 0;
  std::vector<Instant> heard_;  // by lane; while nothing is awaited: now
  Instant moved_;               // when a request was last answered
  Instant ticked_;
  std::optional<Instant> asked_for_leases_;
  bool ended_ = false, stale_ = false, gave_up_ = false;
  bool noted_computed_ = false, noted_pushed_ = false;
};

}  // namespace psmith::node
