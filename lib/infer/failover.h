// Failover: which worker gets the next batch, and who gets it when that one
// does not answer.
//
// A batch is a number. It waits in a queue, lowest first; goes to a worker
// with room (at most outstanding_max unanswered each); and returns to the
// queue when that worker leaves, refuses it, or is silent for `silence` while
// it owes an answer. A silent worker gets one batch as a probe each `silence`
// until it is heard again. The first answer to a batch counts, whoever sends
// it; later ones are refused. When nobody has been heard for `timeout` while
// batches wait, it gives up.
//
// Pure: it owns no socket and is told the time. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "base/rng.h"

namespace psmith::infer {

enum class Divide : std::uint8_t {
  even,    // to the worker that owes least; in turn among equals
  random,  // to any worker with room, by the seed
};

struct FailoverSettings {
  Divide divide = Divide::even;
  std::size_t outstanding_max = 2;  // batches one worker may owe, >= 1
  Duration silence = std::chrono::seconds(4);
  Duration timeout = std::chrono::seconds(60);
  std::uint64_t seed = 0;
};

class Failover {
 public:
  struct Send {
    NodeId worker;
    std::uint64_t batch = 0;
    friend bool operator==(const Send&, const Send&) = default;
  };
  // A batch came back; its worker gets nothing more until `resume`.
  struct Returned {
    NodeId worker;
    std::uint64_t batch = 0;
    Instant resume{};
  };

  explicit Failover(const FailoverSettings& settings);

  // A worker that can answer. Twice is once.
  void join(Instant now, NodeId worker);
  // It cannot any more: what it owed returns to the queue.
  void leave(NodeId worker);
  // A sign of life, of a worker that has joined or is about to.
  void heard(Instant now, NodeId worker);

  // A new batch. REQUIRES: a number never used before.
  void submit(Instant now, std::uint64_t batch);
  // False: answered before, or never submitted.
  bool answered(Instant now, NodeId worker, std::uint64_t batch);
  void returned(Instant now, const Returned& batch);

  // What to send now. Takes the batches of silent workers back first.
  std::vector<Send> step(Instant now);
  // When step() or gave_up() may have news though nothing happens.
  std::optional<Instant> deadline() const;
  bool gave_up(Instant now) const;

  std::size_t open_count() const { return open_.size(); }
  std::size_t worker_count() const { return workers_.size(); }
  std::size_t silent_count() const;
  bool owes(NodeId worker) const;

 private:
  struct Worker {
    std::set<std::uint64_t> owed;
    Instant quiet_since{};  // heard, or began to owe
    Instant resume{};       // nothing is sent before
    bool silent = false;
  };

  std::size_t room(const Worker& worker, Instant now) const;
  std::optional<NodeId> choose(Instant now);
  std::optional<NodeId> choose_even(Instant now) const;
  std::optional<NodeId> choose_random(Instant now);
  void take_back(Worker& worker);

  FailoverSettings settings_;
  Rng rng_;
  std::map<NodeId, Worker> workers_;  // ordered: same run, same output
  std::set<std::uint64_t> open_;      // submitted, not answered
  std::set<std::uint64_t> queue_;     // of open_: with no worker
  NodeId last_;                       // whose turn it was
  Instant alive_{};                   // somebody was heard, or waiting began
};

}  // namespace psmith::infer
