#include "sched/runner.h"

#include <algorithm>
#include <utility>

#include "base/format.h"
#include "sched/admission.h"
#include "sched/text.h"
#include "wire/limits.h"

namespace psmith::sched {

using wire::JobState;

namespace {

constexpr std::size_t kRecordBytes = wire::kMiB;  // of a JobRecord's rest
constexpr std::size_t kSpecBytesMax = std::size_t{512} << 20;

wire::Refused busy(std::string text) {
  auto out = refused("busy", std::move(text));
  out.retry_ms = 1000;
  return out;
}

std::int64_t seconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

}  // namespace

// ---- verbs ----------------------------------------------------------------

wire::Body Runner::submit(Turn turn, PeerId from, const wire::Submit& submit) {
  if (auto* known = jobs_.by_token(submit.token)) {
    known->submitter = from;
    return wire::SubmitOk{known->id};
  }
  if (auto ok = admit(submit.spec); !ok) {
    return refused("invalid", ok.error().message);
  }
  // Nodes get it with lanes and workers beside it.
  if (auto bytes = wire::encode_entry(submit.spec);
      !bytes || bytes->size() > wire::kHeaderBytesMax - kRecordBytes) {
    return refused("invalid", "the job is too large for a message");
  }
  if (jobs_.count_active() >= kQueueMax) {
    return busy(format("{} jobs wait already", kQueueMax));
  }
  // The model of a job takes the place of the live one of its name.
  const bool replaces = jobs_.live(submit.spec.name) != nullptr;
  const bool full =
      jobs_.count_live() >= kLiveMax || jobs_.spec_bytes() > kSpecBytesMax;
  if (full && !replaces) {
    return busy(
        format("{} models are live: use the --name of one of them, "
               "which is replaced then, or restart a server",
               jobs_.count_live()));
  }
  auto& job = jobs_.add(turn, from, submit);
  const auto ahead = job.imports() ? 0 : jobs_.ahead_of(job);
  event(turn, job, "job_submitted",
        format("{} {} ({}){}", job.spec.kind, job.spec.name,
               model::name_of(job.spec.model.kind),
               ahead == 0 ? "" : ", behind " + counted(ahead, "job")));
  return wire::SubmitOk{job.id};
}

wire::Body Runner::cancel(Turn turn, const wire::Cancel& cancel) {
  auto* job = jobs_.find(cancel.job);
  if (job == nullptr) {
    return refused("not_found", format("no job {}", cancel.job.value()),
                   cancel.job);
  }
  if (job->over() && job->state != JobState::cancelled) {
    return refused("invalid", format("job {} is over", job->id.value()),
                   job->id);
  }
  if (!job->over()) {
    end(turn, *job,
        {.state = JobState::cancelled, .status = 1, .reason = "cancelled"});
  }
  return wire::CancelOk{cancel.job};
}

wire::Body Runner::drop(Turn turn, const wire::Drop& drop) {
  auto* job = jobs_.find(drop.job);
  if (job == nullptr || !job->live) {
    return refused("not_found",
                   format("job {} has no live model", drop.job.value()),
                   drop.job);
  }
  lose_model(turn, *job, "dropped on request");
  return wire::DropOk{drop.job};
}

// ---- what nodes say -------------------------------------------------------

Job* Runner::current(JobId id, std::uint64_t recovery) {
  auto* job = jobs_.find(id);
  const bool works = job != nullptr && !job->over() && !job->lanes.empty();
  return works && job->recovery == recovery ? job : nullptr;
}

std::optional<wire::EndJob> Runner::verdict(JobId id) const {
  const auto* job = jobs_.find(id);
  if (job != nullptr && !job->over()) return std::nullopt;
  return wire::EndJob{.job = id, .keep = job != nullptr && job->live};
}

std::optional<wire::EndJob> Runner::on(Turn turn, const Member& from,
                                       const wire::StartJobOk& ok) {
  auto* job = current(ok.job, ok.recovery);
  if (job == nullptr) return verdict(ok.job);
  deliveries_.answered(from.node, job->id);
  if (job->unready.erase(from.node) == 1 && job->unready.empty()) {
    all_ready(turn, *job);
  }
  return std::nullopt;
}

std::optional<wire::EndJob> Runner::on(Turn turn, const Member& from,
                                       const wire::JobFailed& failed) {
  auto* job = current(failed.job, failed.recovery);
  if (job == nullptr) return verdict(failed.job);
  const bool status = failed.status >= 1 && failed.status <= 125;
  auto reason = format("{}: {}", from.name,
                       one_line(failed.reason, kTextMax - kNameMax - 2));
  if (from.role == wire::Role::worker) {
    deliveries_.answered(from.node, job->id);
    if (!job->unfit.insert(from.node).second) return std::nullopt;
    const bool fit = has_fit_worker(*job);
    if (fit || job->lost_worker) {
      event(turn, *job, "worker_unfit", reason, from.node);
      if (!fit) wait(turn, *job, "no fit worker is left; " + reason);
      return std::nullopt;
    }
  }
  if (from.role == wire::Role::server && job->state == JobState::starting &&
      job->checkpoint.version != 0) {
    job->checkpoint = {};  // it may be of no use
    restart(turn, *job, reason);
    return std::nullopt;
  }
  end(turn, *job,
      {.state = JobState::failed,
       .status = status ? failed.status : 1,
       .reason = std::move(reason)});
  return std::nullopt;
}

bool Runner::has_fit_worker(const Job& job) const {
  const auto workers = members_.nodes(wire::Role::worker);
  return std::any_of(workers.begin(), workers.end(),
                     [&](NodeId node) { return !job.unfit.contains(node); });
}

std::optional<wire::EndJob> Runner::on(Turn turn, const Member& from,
                                       const wire::Progress& progress) {
  auto* job = current(progress.job, progress.recovery);
  if (job == nullptr) return verdict(progress.job);
  if (job->lanes.front().node != from.node) return std::nullopt;
  job->last = progress;
  job->last.eval_sums.resize(
      std::min<std::size_t>(job->last.eval_sums.size(), model::Sums::count_));
  wire::Event event;
  event.job = job->id;
  event.node = from.node;
  event.kind = "progress";
  event.text = format("step {} of {}, {} rows, loss {:.6g}", progress.step,
                      progress.step_count, progress.rows, progress.loss_mean);
  event.has_progress = true;
  event.progress = job->last;
  log_.append(turn, std::move(event),
              progress.doubling || progress.evaluated ? EventLog::Keep::always
                                                      : EventLog::Keep::plain);
  return std::nullopt;
}

std::optional<wire::EndJob> Runner::on(Turn turn, const Member& from,
                                       const wire::LaneDone& done) {
  auto* job = current(done.job, done.recovery);
  if (job == nullptr) return verdict(done.job);
  const bool theirs =
      std::any_of(job->lanes.begin(), job->lanes.end(), [&](const auto& lane) {
        return lane.lane == done.lane && lane.node == from.node;
      });
  if (!theirs || !job->done.emplace(done.lane, done).second) {
    return std::nullopt;
  }
  if (job->imports() && job->deadline) {
    job->deadline = turn.now + settings_.import_timeout;
  }
  if (job->done.size() < job->lanes.size()) return std::nullopt;
  finish(turn, *job);
  return std::nullopt;
}

std::optional<wire::EndJob> Runner::on(Turn turn, const Member& from,
                                       const wire::CheckpointDone& done) {
  auto* job = current(done.job, done.recovery);
  if (job == nullptr) return verdict(done.job);
  const bool theirs =
      std::any_of(job->lanes.begin(), job->lanes.end(), [&](const auto& lane) {
        return lane.lane == done.lane && lane.node == from.node;
      });
  if (!theirs) return std::nullopt;
  if (job->checkpointed(done)) {
    event(turn, *job, "checkpoint_done",
          format("version {} is whole in {}", done.version,
                 counted(job->lanes.size(), "file")));
  }
  return std::nullopt;
}

void Runner::on(Turn turn, const Member& from, const wire::Note& note) {
  auto* job = jobs_.find(note.job);
  const bool word = !note.kind.empty() && note.kind.size() <= kNameMax &&
                    std::all_of(note.kind.begin(), note.kind.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || c == '_';
                    });
  if (job == nullptr || !word || note.kind.starts_with("job_")) return;
  wire::Event event;
  event.job = job->id;
  event.node = from.node;
  event.kind = note.kind;
  event.text = format("{}: {}", from.name, note.text);
  log_.append(turn, std::move(event),
              ++job->note_count <= kNoteKeptMax ? EventLog::Keep::always
                                                : EventLog::Keep::plain);
}

// ---- what becomes of nodes ------------------------------------------------

void Runner::joined(Turn turn, const Member& member) {
  if (member.role != wire::Role::worker) return;
  for (auto& [id, job] : jobs_.all()) {
    if (job.imports() || job.over() || job.lanes.empty()) continue;
    if (!job.unready.empty()) continue;  // it gets it with the others
    if (job.state == JobState::paused) {
      all_ready(turn, job);
    } else {
      give(turn.now, job,
           {.node = member.node, .job = id, .what = Deliveries::What::start});
      event(turn, job, "job_given", "to " + member.name, member.node);
    }
  }
}

void Runner::lost(Turn turn, const Member& member) {
  deliveries_.forget(member.node);
  for (auto& [id, job] : jobs_.all()) {
    if (job.live && job.placed_on(member.node)) {
      lose_model(turn, job, format("{} held a part of it", member.name));
    }
    if (job.over()) continue;
    if (member.role == wire::Role::worker && !job.unfit.contains(member.node)) {
      job.lost_worker = true;
    }
    if (job.placed_on(member.node)) {
      restart(turn, job, member.name + " is gone");
    } else if (job.state == JobState::running && !job.imports() &&
               !has_fit_worker(job)) {
      wait(turn, job,
           job.unfit.empty() ? "no worker is left" : "no fit worker is left");
    }
  }
}

void Runner::heard(Instant now, PeerId peer) {
  for (auto& [id, job] : jobs_.all()) {
    if (job.imports() && job.submitter == peer && job.deadline &&
        job.state == JobState::running) {
      job.deadline = now + settings_.import_timeout;
    }
  }
}

void Runner::event(Turn turn, const Job& job, std::string kind,
                   std::string text, NodeId node) {
  wire::Event event;
  event.job = job.id;
  event.node = node;
  event.kind = std::move(kind);
  event.text = std::move(text);
  log_.append(turn, std::move(event));
}

// ---- time -----------------------------------------------------------------

void Runner::advance(Turn turn) {
  end_late(turn);
  JobId ahead;  // one train job has its turn
  for (auto& [id, job] : jobs_.all()) {
    if (job.over()) continue;
    if (const auto before =
            job.imports() ? JobId() : std::exchange(ahead, id)) {
      queue_behind(turn, job, before);
    } else if (job.lanes.empty()) {
      try_start(turn, job);
    }
  }
  repeat(turn.now);
  jobs_.trim();
}

void Runner::end_late(Turn turn) {
  for (auto& [id, job] : jobs_.all()) {
    if (job.over() || !job.deadline || *job.deadline > turn.now) continue;
    end(turn, job,
        {.state = JobState::failed, .status = 69, .reason = late(job)});
  }
}

std::string Runner::late(const Job& job) const {
  const auto limit = seconds(settings_.job_timeout);
  if (job.state == JobState::running) {
    return format("the import stood still for {} s",
                  seconds(settings_.import_timeout));
  }
  if (job.unready.empty()) return format("{}, for {} s", job.reason, limit);
  const auto* server = members_.by_node(*job.unready.begin());
  return format("{} did not start it within {} s",
                server == nullptr ? "a server" : server->name, limit);
}

Instant Runner::next_deadline() const {
  Instant next = deliveries_.next();
  for (const auto& [id, job] : jobs_.all()) {
    if (!job.over() && job.deadline) next = std::min(next, *job.deadline);
  }
  return next;
}

}  // namespace psmith::sched
