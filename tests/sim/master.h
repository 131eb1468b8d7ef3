// The simulated master: the real coordinator, and a journal that outlives it.
// It commits the records of a turn and then sends, as node/master does; a crash
// comes between two turns or in the middle of one, and what was not committed
// is gone. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "sched/coordinator.h"
#include "sim/network.h"

namespace psmith::sim {

inline constexpr double kBeatMs = 100;

// Test-only switches: each plants one fault that the simulation must find.
struct MasterFaults {
  bool send_first = false;     // it sends a turn's messages, then commits
  bool forget_master = false;  // its numbers are not in the journal
  bool forget_nodes = false;   // nor who is there
  bool forget_jobs = false;    // nor what becomes of jobs
  bool same_recovery = false;  // a job starts again under its old number
};

class Master {
 public:
  Master(Network& network, double beat_ms, MasterFaults faults, bool trace);

  Network::Endpoint endpoint() const { return endpoint_; }
  // At the next turn that has something to commit, or now.
  void crash(bool in_turn);
  void restart();

  // Since the start of the simulation, over all lives.
  std::uint64_t releases() const { return releases_; }
  std::uint64_t restarts() const { return restarts_; }  // of jobs
  // As the journal knows them.
  std::size_t job_count() const;

 private:
  using Key = std::pair<sched::Record::Kind, std::uint64_t>;
  sched::Turn turn() const;
  void begin();
  void give(const sched::Effects& effects);
  void commit(const sched::Records& records);
  void send(const sched::Effects& effects, std::size_t count);
  void tick();
  void watch();

  Network& network_;
  const double beat_ms_;
  const MasterFaults faults_;
  const bool trace_;
  Network::Endpoint endpoint_ = 0;
  std::optional<sched::Coordinator> coordinator_;
  bool falls_ = false;  // in the next turn with records
  std::uint64_t lives_ = 0;
  std::uint64_t seen_ = 0;  // seq of events
  std::uint64_t releases_ = 0, restarts_ = 0;
  std::map<Key, std::vector<std::byte>> journal_;
};

}  // namespace psmith::sim
