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
  explicit Recorder(const Saved& saved);

  // Throws Failure (70) if an entry cannot be encoded: admission and
  // membership let nothing of that size in.
  Records take(std::uint64_t incarnation, const Membership& members,
               const JobTable& jobs, const EventLog& log);

 private:
  struct Kept {
    std::vector<std::byte> entry;
    bool bulk = false;                // of the spec
    bool over = false, live = false;  // then nothing else changes
  };
  template <class T>
  void save(Record::Kind kind, std::uint64_t id, const T& entry);
  void drop(Record::Kind kind, std::uint64_t id);
  void take_master(std::uint64_t incarnation, const Membership& members,
                   const JobTable& jobs, const EventLog& log);
  void take_nodes(const Membership& members);
  void take_jobs(const JobTable& jobs);
  void take_events(const EventLog& log);

  Records out_;
  std::vector<std::byte> master_;
  std::uint64_t event_reserved_ = 0;
  std::uint64_t view_ = 0;  // whose nodes are saved
  std::map<NodeId, std::uint64_t> nodes_;
  std::map<JobId, Kept> jobs_;
  std::deque<std::uint64_t> events_;  // seqs
  std::uint64_t event_last_ = 0;      // the newest that was looked at
};

}  // namespace psmith::sched
