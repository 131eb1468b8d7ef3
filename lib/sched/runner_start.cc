// How jobs start, wait, start again and end; see runner.h.
#include <algorithm>
#include <utility>

#include "base/format.h"
#include "sched/runner.h"
#include "sched/text.h"

namespace psmith::sched {

using wire::JobState;

std::string Runner::missing(const Job& job) const {
  const bool servers = members_.count(wire::Role::server) > 0;
  const bool workers = job.imports() || members_.count(wire::Role::worker) > 0;
  if (servers && workers) return {};
  if (workers) return "no server is there";
  return servers ? "no worker is there" : "no server and no worker is there";
}

void Runner::try_start(Turn turn, Job& job) {
  if (const auto reason = missing(job); !reason.empty()) {
    wait(turn, job, reason);
  } else {
    place(turn, job);
  }
}

void Runner::queue_behind(Turn turn, Job& job, JobId ahead) {
  auto reason = format("behind job {}", ahead.value());
  if (job.reason == reason) return;
  job.reason = std::move(reason);
  event(turn, job, "job_waiting", job.reason);
}

void Runner::wait(Turn turn, Job& job, const std::string& reason) {
  const bool worked = job.started_ms != 0 || !job.lanes.empty();
  if (worked) job.state = JobState::paused;
  if (!job.deadline) job.deadline = turn.now + settings_.job_timeout;
  if (job.reason == reason) return;
  job.reason = reason;
  const auto left =
      std::chrono::ceil<std::chrono::seconds>(*job.deadline - turn.now);
  event(turn, job, worked ? "job_paused" : "job_waiting",
        format("{}; it fails in {} s", reason, left.count()));
}

void Runner::place(Turn turn, Job& job) {
  job.lanes = members_.lanes();
  job.placement = jobs_.next_placement();
  job.state = JobState::starting;
  job.done.clear();
  job.checkpoint_lanes.clear();
  job.unfit.clear();
  job.unready = job.servers();
  job.deadline = turn.now + settings_.job_timeout;
  job.reason.clear();
  for (const auto node : job.unready) {
    give(turn.now, job,
         {.node = node, .job = job.id, .what = Deliveries::What::start});
  }
}

// The servers are ready, or there are workers again.
void Runner::all_ready(Turn turn, Job& job) {
  if (job.imports()) {
    job.deadline = turn.now + settings_.import_timeout;
  } else if (!has_fit_worker(job)) {
    job.deadline.reset();
    wait(turn, job, "no worker is left");
    return;
  } else {
    job.deadline.reset();
  }
  job.reason.clear();
  const bool first = job.started_ms == 0;
  if (first) job.started_ms = turn.time_ms;
  job.state = JobState::running;
  event(turn, job, first ? "job_started" : "job_resumed",
        format("on {} of {}, with {}", counted(job.lanes.size(), "lane"),
               counted(job.servers().size(), "server"),
               counted(members_.count(wire::Role::worker), "worker")));
  if (!job.imports()) give_workers(turn, job);
}

void Runner::restart(Turn turn, Job& job, const std::string& why) {
  if (job.imports()) {
    end(turn, job,
        {.state = JobState::failed,
         .status = 69,
         .reason = why + ", during the import"});
    return;
  }
  ++job.recovery;
  job.lanes.clear();
  job.unready.clear();
  job.done.clear();
  job.deadline.reset();
  job.reason.clear();
  job.state = job.started_ms == 0 ? JobState::queued : JobState::paused;
  deliveries_.forget(job.id);
  const auto lanes = members_.lanes().size();
  event(turn, job, "job_restarted",
        lanes == 0 ? why + "; no server is left"
                   : format("{}; starts again from version {} on {}", why,
                            job.checkpoint.version, counted(lanes, "lane")));
}

void Runner::finish(Turn turn, Job& job) {
  const auto& lead = job.done.at(job.lanes.front().lane);
  const bool agreed =
      job.imports() ||
      std::all_of(job.done.begin(), job.done.end(), [&](const auto& each) {
        return each.second.version == lead.version &&
               each.second.best_version == lead.best_version;
      });
  if (!agreed) {
    end(turn, job,
        {.state = JobState::failed,
         .status = 70,
         .reason = "the lanes ended at different versions"});
    return;
  }
  if (!job.imports()) job.last = lead.last;
  job.last.eval_sums.resize(
      std::min<std::size_t>(job.last.eval_sums.size(), model::Sums::count_));
  job.best_version = lead.best_version;
  auto* older = jobs_.live(job.spec.name);
  end(turn, job, {.state = JobState::done, .status = 0, .reason = ""});
  if (older != nullptr) {
    lose_model(turn, *older,
               format("replaced by that of job {}", job.id.value()));
  }
}

void Runner::end(Turn turn, Job& job, const Outcome& outcome) {
  job.state = outcome.state;
  job.status = outcome.status;
  job.reason = outcome.reason;
  job.ended_ms = turn.time_ms;
  job.deadline.reset();
  job.unready.clear();
  job.live = outcome.state == JobState::done;
  deliveries_.forget(job.id);
  give_end(turn.now, job);
  if (job.live) {
    wire::Event done;
    done.job = job.id;
    done.kind = "job_done";
    done.text = job.imports()
                    ? format("{} is live", job.spec.name)
                    : format("{} is live at version {}, {} rows, loss {:.6g}",
                             job.spec.name, job.best_version, job.last.rows,
                             job.last.loss_mean);
    done.has_progress = !job.imports();
    done.progress = job.last;
    log_.append(turn, std::move(done));
  } else {
    const bool failed = job.state == JobState::failed;
    event(turn, job, failed ? "job_failed" : "job_cancelled", job.reason);
  }
}

void Runner::lose_model(Turn turn, Job& job, const std::string& text) {
  job.live = false;
  give_end(turn.now, job);
  event(turn, job, "model_lost", format("{}: {}", job.spec.name, text));
}

// ---- orders ---------------------------------------------------------------

void Runner::give(Instant now, const Job& job, Deliveries::Order order) {
  if (members_.by_node(order.node) == nullptr) return;
  deliveries_.given(now, order);
  send(job, order);
}

void Runner::send(const Job& job, Deliveries::Order order) {
  const auto* member = members_.by_node(order.node);
  if (member == nullptr || !member->peer) return;
  if (order.what == Deliveries::What::end) {
    const bool keep = job.live && job.placed_on(order.node);
    effects_.push_back(
        {member->peer, {wire::EndJob{.job = job.id, .keep = keep}, {}}});
  } else {
    wire::StartJob start;
    start.record = {.job = job.id,
                    .recovery = job.recovery,
                    .placement = job.placement,
                    .lanes = job.lanes,
                    .workers = members_.nodes(wire::Role::worker),
                    .checkpoint = job.checkpoint,
                    .spec = job.spec};
    effects_.push_back({member->peer, {std::move(start), {}}});
  }
}

void Runner::give_workers(Turn turn, const Job& job) {
  for (const auto node : members_.nodes(wire::Role::worker)) {
    if (job.unfit.contains(node)) continue;
    give(turn.now, job,
         {.node = node, .job = job.id, .what = Deliveries::What::start});
    event(turn, job, "job_given", "to " + members_.by_node(node)->name, node);
  }
}

// To every node, for any may hold something of the job: a server that it was
// placed on before it was to start again, too.
void Runner::give_end(Instant now, const Job& job) {
  for (const auto& [node, member] : members_.all()) {
    if (job.imports() && member.role == wire::Role::worker) continue;
    give(now, job,
         {.node = node, .job = job.id, .what = Deliveries::What::end});
  }
}

void Runner::repeat(Instant now) {
  for (const auto& order : deliveries_.due(now)) {
    if (const auto* job = jobs_.find(order.job)) send(*job, order);
  }
}

}  // namespace psmith::sched
