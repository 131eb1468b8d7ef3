// Lead: leases the leaves of a job's steps to workers, one step ahead.
//
// Each planned step gives every worker one run of leaves, as long as its
// measured speed earns, cut where the run makes few subtrees. Leaves of a
// worker that left, or that is late past a deadline, go to others; a late
// worker gets no more until it pushes or asks. Nothing is durable: any
// assignment gives the same sums. Pure; the lead lane's thread.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "store/tree.h"
#include "wire/message.h"

namespace psmith::store {

// Cuts [0, leaf_count) into share.size() runs, in order, proportional to
// share (> 0), each of at most about three subtrees where that costs little,
// and none empty while leaf_count >= share.size().
std::vector<Node> cut_runs(std::uint32_t leaf_count,
                           const std::vector<double>& share);

class Lead {
 public:
  static constexpr Duration kGather = std::chrono::milliseconds(500);
  // Four heartbeats as they are by default: where the master is down, nobody
  // else notices that a worker is gone.
  static constexpr Duration kLate = std::chrono::seconds(4);

  // expected: the workers the job starts with; the first plan waits for all
  // of them, at most kGather after the first.
  explicit Lead(std::set<NodeId> expected) : expected_(std::move(expected)) {}

  struct Grant {
    NodeId worker;
    wire::Leaves leaves;
  };
  // Leaves taken back from a worker, for the event log.
  struct Release {
    NodeId worker;
    wire::Leaves leaves;
  };

  // The steps in play: done < version (kept until no lane needs them),
  // version and version + 1. leaf_count(step) is 0 past the end.
  void advance(std::uint64_t version, std::uint32_t leaves_now,
               std::uint32_t leaves_next, Instant now);

  // The worker is here and knows of none of its leases: it gets them again.
  void request(NodeId worker, Instant now);
  void leave(NodeId worker, Instant now);
  // The job is over at `version`: leases beyond it are void.
  void end();
  void pushed(NodeId worker, const wire::Leaves& leaves, Instant now);
  // A lane lacks these leaves; those of workers that have vanished, or are not
  // heard any more, are leased again: they may have reached other lanes only.
  void missing(const wire::Leaves& leaves, Instant now);
  void tick(Instant now);

  std::vector<Grant> take_grants();
  std::vector<Release> take_releases();

  std::size_t worker_count() const { return workers_.size(); }
  // Workers that hold unfinished leaves of `version`.
  std::size_t waiting_for() const;

 private:
  enum class State : std::uint8_t { free, leased, pushed };
  struct Leaf {
    State state = State::free;
    NodeId owner;
    Instant since;
  };
  struct Plan {
    std::vector<Leaf> leaf;
    bool planned = false;
  };
  struct Worker {
    double speed = 0;   // leaves per second; 0: not measured yet
    bool late = false;  // its leaves were taken back; nothing heard since
    Instant heard;
  };

  void plan(std::uint64_t step, Instant now);
  void distribute(Instant now);
  void grant(std::uint64_t step, Node run, NodeId worker, Instant now);
  void release(std::uint64_t step, Node run, NodeId worker);
  void release_all(NodeId worker);
  void release_late(Instant now);
  Duration deadline() const;
  // Those that are not late; all of them if there is no other.
  std::vector<NodeId> candidates() const;
  // The candidate with the fewest leased leaves of the step, `except` last.
  NodeId least_loaded(std::uint64_t step, NodeId except) const;
  void measure(NodeId worker, const Plan& plan, Instant now);
  bool gathered(Instant now) const;

  std::set<NodeId> expected_;
  std::map<NodeId, Worker> workers_;     // ordered: same run, same output
  std::map<std::uint64_t, Plan> plans_;  // steps in play
  std::uint64_t version_ = 0;
  Instant version_since_, first_request_;
  bool started_ = false;
  bool held_up_ = false;  // leaves of version_ were late: no measure of a step
  Duration step_mean_ = Duration::zero();
  std::vector<Grant> grants_;
  std::vector<Release> releases_;
};

}  // namespace psmith::store
