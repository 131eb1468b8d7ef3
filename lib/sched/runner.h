// Runner: what becomes of jobs.
//
//   queued --> starting --> running --> done
//                 ^  |        |  ^
//                 |  v        v  |          failed, cancelled: from each
//                 +-------- paused
//
// A job starts when there are a server and (to train) a worker: it is placed
// on every lane, the first one leading; servers get StartJob, and when all
// have answered, the workers. It is done when every lane says so. Losing a
// worker is the lead's affair, unless it was the last: then the job pauses.
// A worker that cannot work for the job (it cannot read the data, say) is left
// out of it; if all of them are, the job fails for its reason, but waits if a
// lost worker may be replaced.
// Losing a server of a job that is not over starts it again on the lanes that
// are left, from its newest whole checkpoint or version 0, with a higher
// recovery number and a new placement. If a server cannot begin from the
// checkpoint, all begin from version 0.
// Whatever waits has a deadline. Messages of another recovery number are
// ignored. Pure; one thread.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>

#include "sched/deliveries.h"
#include "sched/event_log.h"
#include "sched/job_table.h"
#include "sched/membership.h"
#include "sched/settings.h"
#include "sched/turn.h"

namespace psmith::sched {

class Runner {
 public:
  // Members and log outlive the runner.
  Runner(const Settings& settings, const Membership& members, EventLog& log)
      : settings_(settings), members_(members), log_(log) {}

  // Verbs; the answer is SubmitOk, CancelOk, DropOk or Refused.
  wire::Body submit(Turn turn, PeerId from, const wire::Submit& submit);
  wire::Body cancel(Turn turn, const wire::Cancel& cancel);
  wire::Body drop(Turn turn, const wire::Drop& drop);
  std::optional<wire::JobsOk> answer(const wire::Jobs& request) const {
    return jobs_.answer(request);
  }

  // What nodes say. An EndJob to answer with, if the job is over.
  std::optional<wire::EndJob> on(Turn turn, const Member& from,
                                 const wire::StartJobOk& ok);
  std::optional<wire::EndJob> on(Turn turn, const Member& from,
                                 const wire::JobFailed& failed);
  std::optional<wire::EndJob> on(Turn turn, const Member& from,
                                 const wire::Progress& progress);
  std::optional<wire::EndJob> on(Turn turn, const Member& from,
                                 const wire::LaneDone& done);
  std::optional<wire::EndJob> on(Turn turn, const Member& from,
                                 const wire::CheckpointDone& done);
  void on(Turn turn, const Member& from, const wire::Note& note);

  // What became of nodes; the membership has changed already.
  void joined(Turn turn, const Member& member);
  void lost(Turn turn, const Member& member);
  // The node of a journal is heard again, its work as it was: it is told what
  // the old master may not have said to it.
  void back(Turn turn, const Member& member);
  // From the journal; the membership was restored before.
  void restore(Turn turn, const Saved& saved);
  const JobTable& jobs() const { return jobs_; }
  // A sign of life of whoever submitted an import.
  void heard(Instant now, PeerId peer);

  // Starts what can start, repeats what was not answered, ends what is late.
  void advance(Turn turn);
  Instant next_deadline() const;

  // What is to be sent since the last call.
  Effects take() { return std::exchange(effects_, {}); }

 private:
  void try_start(Turn turn, Job& job);
  void queue_behind(Turn turn, Job& job, JobId ahead);
  void place(Turn turn, Job& job);
  void all_ready(Turn turn, Job& job);
  void wait(Turn turn, Job& job, const std::string& reason);
  void restart(Turn turn, Job& job, const std::string& why);
  void lose_model(Turn turn, Job& job, const std::string& text);

  void finish(Turn turn, Job& job);
  struct Outcome {
    wire::JobState state;
    std::uint32_t status;
    std::string reason;
  };
  void end(Turn turn, Job& job, const Outcome& outcome);
  void end_late(Turn turn);

  void give(Instant now, const Job& job, Deliveries::Order order);
  void send(const Job& job, Deliveries::Order order);
  void give_workers(Turn turn, const Job& job);
  void give_end(Instant now, const Job& job);
  void repeat(Instant now);
  void event(Turn turn, const Job& job, std::string kind, std::string text,
             NodeId node = {});

  Job* current(JobId id, std::uint64_t recovery);
  std::optional<wire::EndJob> verdict(JobId id) const;
  std::string missing(const Job& job) const;
  bool has_fit_worker(const Job& job) const;
  std::string late(const Job& job) const;

  const Settings& settings_;
  const Membership& members_;
  EventLog& log_;
  JobTable jobs_;
  Deliveries deliveries_;
  std::set<JobId> just_ended_;  // before the restart
  Effects effects_;
};

}  // namespace psmith::sched
