// JobTable: the jobs the master knows, by number, and the queue they form.
//
// Train jobs run one at a time, first in, first out. Imports need no worker
// and do not queue. Jobs that are over stay listed (the newest kEndedMax); a
// spec's bulk is kept only while the job is not over or its model is live.
// Pure; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "sched/record.h"
#include "sched/turn.h"
#include "wire/job.h"
#include "wire/message.h"

namespace psmith::sched {

struct Job {
  JobId id;
  wire::JobState state = wire::JobState::queued;
  wire::JobSpec spec;
  std::uint64_t token = 0;
  PeerId submitter;
  std::uint64_t recovery = 0, placement = 0;
  std::vector<wire::LaneInfo> lanes;  // empty: not placed now
  std::uint64_t submitted_ms = 0, started_ms = 0, ended_ms = 0;
  std::string reason;  // why it waits, or why it failed
  std::uint32_t status = 0;
  std::set<NodeId> unready;  // servers that have not answered StartJob
  std::set<NodeId> unfit;    // workers that cannot work for it
  bool lost_worker = false;  // one that might come back, or be replaced
  std::map<std::uint64_t, wire::LaneDone> done;  // by lane
  // Lanes that wrote a checkpoint that is not whole yet, by its version.
  using LaneFiles = std::map<std::uint64_t, wire::CheckpointFile>;  // by lane
  std::map<std::uint64_t, LaneFiles> checkpoint_lanes;
  wire::Checkpoint checkpoint;      // the newest whole one
  std::optional<Instant> deadline;  // fails then
  bool live = false;
  std::uint64_t best_version = 0;
  wire::Progress last;
  std::size_t note_count = 0;

  bool imports() const { return spec.kind == "import"; }
  bool over() const { return state >= wire::JobState::done; }
  bool placed_on(NodeId node) const;
  std::set<NodeId> servers() const;
  // One of its lanes wrote its part; true: the checkpoint is whole with it.
  bool checkpointed(const wire::CheckpointDone& done);
};

wire::JobEntry entry_of(const Job& job);
// Does the spec hold what only a job that is not over, or live, needs?
bool has_bulk(const wire::JobSpec& spec);

class JobTable {
 public:
  // REQUIRES: the spec was admitted.
  Job& add(Turn turn, PeerId submitter, const wire::Submit& submit);

  Job* find(JobId id);
  const Job* find(JobId id) const;
  Job* by_token(std::uint64_t token);
  // The live model of that name, or null.
  Job* live(const std::string& name);

  std::map<JobId, Job>& all() { return jobs_; }
  const std::map<JobId, Job>& all() const { return jobs_; }
  std::size_t count_active() const;
  std::size_t count_live() const;
  std::size_t spec_bytes() const;
  // Train jobs that stand before this one.
  std::size_t ahead_of(const Job& job) const;

  std::uint64_t next_placement() { return ++placement_last_; }

  // For the journal, and from it. REQUIRES (restore): no job was added
  std::uint64_t job_last() const { return job_last_; }
  std::uint64_t placement_last() const { return placement_last_; }
  void restore(const Saved& saved);

  // Drops what need not be kept.
  void trim();

  // The answer to Jobs; nothing: there is no such job.
  std::optional<wire::JobsOk> answer(const wire::Jobs& request) const;

 private:
  std::map<JobId, Job> jobs_;
  std::uint64_t job_last_ = 0, placement_last_ = 0;
};

}  // namespace psmith::sched
