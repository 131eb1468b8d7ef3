// Recorder: finds what changed of the coordinator's state since it was asked
// last, as records. It compares, so that no change can be forgotten where it is
// made. What a restarted master learns from nodes within a second is not kept:
// who was heard when, which lanes are done, how far a running job is, plain
// events. Pure; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "sched/event_log.h"
#include "sched/job_table.h"
#include "sched/membership.h"
#include "sched/record.h"

namespace psmith::sched {

class Recorder {
 public:
  // saved: what is in the journal already.
  // start: a random number of this start of the master.
  Recorder(const Saved& saved, std::uint64_t start);

  // The number of the newest take() that was not empty, over all starts.
  std::uint64_t commit() const { return commit_; }
  // Is this commit of that start in the journal? 0, 0 is.
  bool knows(std::uint64_t start, std::uint64_t commit) const;

  // Throws Failure (70) if an entry cannot be encoded: admission and
  // membership let nothing of that size in.
  Records take(std::uint64_t incarnation, const Membership& members,
               const JobTable& jobs, const EventLog& log);

 private:
  // What tells that an entry has changed: the lanes follow from the numbers,
  // and what is not here never changes, or only with what is.
  struct Kept {
    wire::JobState state = wire::JobState::queued;
    bool live = false, bulk = false;
    std::uint64_t recovery = 0, placement = 0, started_ms = 0, checkpoint = 0;
    bool placed = false;
    std::string reason;
    friend bool operator==(const Kept&, const Kept&) = default;
  };
  static Kept kept_of(const Job& job);
  template <class T>
  void save(Record::Kind kind, std::uint64_t id, const T& entry);
  void drop(Record::Kind kind, std::uint64_t id);
  void take_master(std::uint64_t incarnation, const Membership& members,
                   const JobTable& jobs, const EventLog& log);
  void take_nodes(const Membership& members);
  void take_jobs(const JobTable& jobs);
  void take_events(const EventLog& log);

  Records out_;
  wire::MasterEntry master_;  // as saved, but for the starts
  std::uint64_t event_reserved_ = 0;
  std::uint64_t commit_ = 0;
  std::vector<wire::StartEntry> starts_;  // this one last
  std::uint64_t view_ = 0;                // whose nodes are saved
  std::map<NodeId, std::uint64_t> nodes_;
  std::map<JobId, Kept> jobs_;
  std::deque<std::uint64_t> events_;  // seqs
  std::uint64_t event_last_ = 0;      // the newest that was looked at
};

}  // namespace psmith::sched
