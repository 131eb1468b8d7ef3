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
      if (job.ended_ms + kToldMs >= last_ms) just_ended_.push_back(id);
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
  for (const auto id : just_ended_) {
    const auto* job = jobs_.find(id);
    if (job == nullptr || !job->over()) continue;
    give(turn.now, *job,
         {.node = member.node, .job = id, .what = Deliveries::What::end});
  }
  for (const auto& [id, job] : jobs_.all()) {
    if (job.over() || job.lanes.empty()) continue;
    const bool works = member.role == wire::Role::worker && !job.imports() &&
                       job.unready.empty();
    if (!works && !job.placed_on(member.node)) continue;
    give(turn.now, job,
         {.node = member.node, .job = id, .what = Deliveries::What::start});
  }
}

}  // namespace psmith::sched
