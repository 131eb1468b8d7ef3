// What the runner knows from a journal, and says to the nodes of that time; see
// runner.h.
#include <algorithm>

#include "sched/runner.h"

namespace psmith::sched {
namespace {

// An EndJob is repeated for a few seconds. Jobs that ended so long before the
// last thing that the journal knows of are known to be over.
constexpr std::uint64_t kToldMs = 60'000;

}  // namespace

void Runner::restore(Turn turn, const Saved& saved) {
  jobs_.restore(saved);
  const auto last_ms =
      saved.events.empty() ? 0 : saved.events.rbegin()->second.time_ms;
  for (auto& [id, job] : jobs_.all()) {
    if (job.over()) {
      if (job.ended_ms + kToldMs >= last_ms) just_ended_.insert(id);
      continue;
    }
    if (job.lanes.empty()) continue;  // it is placed when its turn comes
    job.lost_worker = true;           // perhaps: its replacement is awaited
    const bool starting = job.state == wire::JobState::starting;
    if (starting) job.unready = job.servers();
    if (job.imports() && !starting) {
      job.deadline = turn.now + settings_.import_timeout;
    } else if (starting || job.state == wire::JobState::paused) {
      job.deadline = turn.now + settings_.job_timeout;
    }
  }
}

void Runner::back(Turn turn, const Member& member) {
  for (auto& [id, job] : jobs_.all()) {
    // A model may have been dropped, or replaced, at any time since.
    const bool lost = job.state == wire::JobState::done && !job.live &&
                      job.placed_on(member.node);
    if (lost || (job.over() && just_ended_.contains(id))) {
      give(turn.now, job,
           {.node = member.node, .job = id, .what = Deliveries::What::end});
    }
    if (job.over() || job.lanes.empty()) continue;
    const bool works = member.role == wire::Role::worker && !job.imports() &&
                       job.unready.empty();
    if (works && job.state == wire::JobState::paused) {
      all_ready(turn, job);  // unfit workers have another try
      continue;
    }
    if (!works && !job.placed_on(member.node)) continue;
    give(turn.now, job,
         {.node = member.node, .job = id, .what = Deliveries::What::start});
  }
}

}  // namespace psmith::sched
