#include "sched/recorder.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/result.h"

namespace psmith::sched {
namespace {

// Plain events are not saved, but no number is given twice: so many numbers
// are taken at once.
constexpr std::uint64_t kEventsReserved = 256;
// A node that has missed so many starts is a new one.
constexpr std::size_t kStartsKept = 64;

template <class T>
std::vector<std::byte> bytes_of(const T& entry) {
  return wire::encode_entry(entry).value(70);
}

// All but the starts, which grow with each commit. At every turn: cheap.
bool same_numbers(const wire::MasterEntry& a, const wire::MasterEntry& b) {
  const auto numbers = [](const wire::MasterEntry& e) {
    return std::tie(e.incarnation, e.view, e.node, e.lane, e.job, e.placement,
                    e.event, e.fingerprint);
  };
  return numbers(a) == numbers(b);
}

}  // namespace

Recorder::Recorder(const Saved& saved, std::uint64_t start)
    : master_(saved.master),
      event_reserved_(saved.master.event),
      commit_(saved.master.starts.empty() ? 0
                                          : saved.master.starts.back().commit),
      starts_(saved.master.starts),
      view_(saved.master.view),
      event_last_(saved.master.event) {
  for (const auto& [id, node] : saved.nodes) nodes_[id] = node.incarnation;
  if (starts_.size() >= kStartsKept) starts_.erase(starts_.begin());
  starts_.push_back({.start = start, .commit = commit_});
  JobTable jobs;
  jobs.restore(saved);
  for (const auto& [id, job] : jobs.all()) jobs_[id] = kept_of(job);
  for (const auto& [seq, event] : saved.events) events_.push_back(seq);
}

template <class T>
void Recorder::save(Record::Kind kind, std::uint64_t id, const T& entry) {
  out_.push_back({kind, id, bytes_of(entry)});
}

void Recorder::drop(Record::Kind kind, std::uint64_t id) {
  out_.push_back({kind, id, {}});
}

bool Recorder::knows(std::uint64_t start, std::uint64_t commit) const {
  if (start == 0 && commit == 0) return true;
  return std::any_of(starts_.begin(), starts_.end(), [&](const auto& each) {
    return each.start == start && commit <= each.commit;
  });
}

Records Recorder::take(std::uint64_t incarnation, const Membership& members,
                       const JobTable& jobs, const EventLog& log) {
  take_events(log);
  take_nodes(members);
  take_jobs(jobs);
  take_master(incarnation, members, jobs, log);
  return std::exchange(out_, {});
}

void Recorder::take_master(std::uint64_t incarnation, const Membership& members,
                           const JobTable& jobs, const EventLog& log) {
  if (log.last_seq() > event_reserved_) {
    event_reserved_ = log.last_seq() + kEventsReserved;
  }
  auto entry = members.numbers();
  entry.incarnation = incarnation;
  entry.job = jobs.job_last();
  entry.placement = jobs.placement_last();
  entry.event = event_reserved_;
  if (out_.empty() && same_numbers(entry, master_)) return;
  master_ = entry;
  starts_.back().commit = ++commit_;
  entry.starts = starts_;
  save(Record::Kind::master, 0, entry);
}

void Recorder::take_nodes(const Membership& members) {
  if (members.view_number() == view_) return;
  view_ = members.view_number();
  for (auto it = nodes_.begin(); it != nodes_.end();) {
    if (members.by_node(it->first) != nullptr) {
      ++it;
      continue;
    }
    drop(Record::Kind::node, it->first.value());
    it = nodes_.erase(it);
  }
  for (const auto& [id, member] : members.all()) {
    if (!nodes_.emplace(id, member.incarnation).second) continue;
    save(Record::Kind::node, id.value(), entry_of(member));
  }
}

Recorder::Kept Recorder::kept_of(const Job& job) {
  return {.state = job.state,
          .live = job.live,
          .bulk = has_bulk(job.spec),
          .recovery = job.recovery,
          .placement = job.placement,
          .started_ms = job.started_ms,
          .checkpoint = job.checkpoint.version,
          .placed = !job.lanes.empty(),
          .reason = job.reason};
}

void Recorder::take_jobs(const JobTable& jobs) {
  for (const auto& [id, job] : jobs.all()) {
    const auto [at, fresh] = jobs_.try_emplace(id);
    auto now = kept_of(job);
    if (!fresh && now == at->second) continue;
    if (fresh || now.bulk != at->second.bulk) {
      save(Record::Kind::spec, id.value(), job.spec);
    }
    save(Record::Kind::job, id.value(), entry_of(job));
    at->second = std::move(now);
  }
  if (jobs_.size() == jobs.all().size()) return;
  for (auto it = jobs_.begin(); it != jobs_.end();) {
    if (jobs.find(it->first) != nullptr) {
      ++it;
      continue;
    }
    drop(Record::Kind::job, it->first.value());
    drop(Record::Kind::spec, it->first.value());
    it = jobs_.erase(it);
  }
}

void Recorder::take_events(const EventLog& log) {
  for (const auto* event : log.lasting_after(event_last_)) {
    save(Record::Kind::event, event->seq, *event);
    events_.push_back(event->seq);
  }
  event_last_ = log.last_seq();
  const auto oldest = log.oldest_lasting();
  while (!events_.empty() && events_.front() < oldest) {
    drop(Record::Kind::event, events_.front());
    events_.pop_front();
  }
}

}  // namespace psmith::sched
