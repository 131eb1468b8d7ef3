#include "sched/job_table.h"

#include <algorithm>
#include <utility>

#include "base/format.h"
#include "sched/settings.h"

namespace psmith::sched {
namespace {

wire::JobInfo info_of(const Job& job, bool with_spec) {
  wire::JobInfo info;
  info.job = job.id;
  info.state = job.state;
  info.name = job.spec.name;
  info.kind = job.spec.kind;
  info.reason = job.reason;
  info.status = job.status;
  info.recovery = job.recovery;
  info.placement = job.placement;
  info.submitted_ms = job.submitted_ms;
  info.started_ms = job.started_ms;
  info.ended_ms = job.ended_ms;
  info.lanes = job.lanes;
  info.live = job.live;
  info.best_version = job.best_version;
  info.last = job.last;
  if (with_spec) info.spec = job.spec;
  return info;
}

std::size_t bulk(const wire::JobSpec& spec) {
  return spec.model_header.size() + spec.classes.size() * sizeof(float) +
         (spec.train.shards.size() + spec.eval.shards.size()) * 12;
}

// Gives the memory of the bulk back.
void shed(wire::JobSpec& spec) {
  std::string().swap(spec.model_header);
  std::vector<float>().swap(spec.classes);
  for (auto* data : {&spec.train, &spec.eval}) {
    std::vector<std::uint32_t>().swap(data->shards);
    std::vector<std::uint64_t>().swap(data->shape.shard_rows);
  }
}

Job job_of(const wire::JobEntry& entry, const wire::JobSpec& spec) {
  const auto& info = entry.info;
  Job job;
  job.id = info.job;
  job.state = info.state;
  job.spec = spec;
  job.token = entry.token;
  job.checkpoint = entry.checkpoint;
  job.recovery = info.recovery;
  job.placement = info.placement;
  job.lanes = info.lanes;
  job.submitted_ms = info.submitted_ms;
  job.started_ms = info.started_ms;
  job.ended_ms = info.ended_ms;
  job.reason = info.reason;
  job.status = info.status;
  job.live = info.live;
  job.best_version = info.best_version;
  job.last = info.last;
  return job;
}

}  // namespace

wire::JobEntry entry_of(const Job& job) {
  wire::JobEntry entry{.info = info_of(job, false),
                       .token = job.token,
                       .checkpoint = job.checkpoint};
  if (!job.over()) entry.info.last = {};  // it changes all the time
  return entry;
}

bool has_bulk(const wire::JobSpec& spec) { return bulk(spec) != 0; }

bool Job::placed_on(NodeId node) const {
  return std::any_of(lanes.begin(), lanes.end(),
                     [&](const auto& lane) { return lane.node == node; });
}

std::set<NodeId> Job::servers() const {
  std::set<NodeId> out;
  for (const auto& lane : lanes) out.insert(lane.node);
  return out;
}

// Every lane writes its versions in order, so an older one is a repetition.
bool Job::checkpointed(const wire::CheckpointDone& done) {
  if (done.version <= checkpoint.version) return false;
  auto& parts = checkpoint_lanes;
  parts[done.version][done.lane] = {
      .file = done.file, .sha256 = done.sha256, .bytes = done.bytes};
  const bool whole = parts[done.version].size() == lanes.size();
  if (whole) {
    checkpoint.version = done.version;
    checkpoint.files.clear();
    for (auto& [lane, file] : parts[done.version]) {
      checkpoint.files.push_back(std::move(file));
    }
    parts.erase(parts.begin(), parts.upper_bound(done.version));
  }
  while (parts.size() > kCheckpointOpenMax) parts.erase(parts.begin());
  return whole;
}

Job& JobTable::add(Turn turn, PeerId submitter, const wire::Submit& submit) {
  const JobId id(++job_last_);
  auto& job = jobs_[id];
  job.id = id;
  job.spec = submit.spec;
  if (job.spec.name.empty()) job.spec.name = format("job-{}", id.value());
  job.token = submit.token;
  job.submitter = submitter;
  job.submitted_ms = turn.time_ms;
  return job;
}

Job* JobTable::find(JobId id) {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : &found->second;
}

const Job* JobTable::find(JobId id) const {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : &found->second;
}

Job* JobTable::by_token(std::uint64_t token) {
  if (token == 0) return nullptr;
  for (auto& [id, job] : jobs_) {
    if (job.token == token) return &job;
  }
  return nullptr;
}

Job* JobTable::live(const std::string& name) {
  for (auto& [id, job] : jobs_) {
    if (job.live && job.spec.name == name) return &job;
  }
  return nullptr;
}

std::size_t JobTable::count_active() const {
  return static_cast<std::size_t>(
      std::count_if(jobs_.begin(), jobs_.end(),
                    [](const auto& each) { return !each.second.over(); }));
}

std::size_t JobTable::count_live() const {
  return static_cast<std::size_t>(
      std::count_if(jobs_.begin(), jobs_.end(),
                    [](const auto& each) { return each.second.live; }));
}

std::size_t JobTable::spec_bytes() const {
  std::size_t bytes = 0;
  for (const auto& [id, job] : jobs_) bytes += bulk(job.spec);
  return bytes;
}

std::size_t JobTable::ahead_of(const Job& job) const {
  std::size_t count = 0;
  for (const auto& [id, other] : jobs_) {
    if (id < job.id && !other.over() && !other.imports()) ++count;
  }
  return count;
}

void JobTable::restore(const Saved& saved) {
  job_last_ = saved.master.job;
  placement_last_ = saved.master.placement;
  for (const auto& [id, entry] : saved.jobs) {
    jobs_[id] = job_of(entry, saved.specs.at(id));
  }
}

void JobTable::trim() {
  std::size_t ended = 0;
  for (auto& [id, job] : jobs_) {
    if (!job.over() || job.live) continue;
    ++ended;
    shed(job.spec);
    job.done.clear();
    job.checkpoint_lanes.clear();
    job.unready.clear();
  }
  for (auto it = jobs_.begin(); ended > kEndedMax && it != jobs_.end();) {
    if (!it->second.over() || it->second.live) {
      ++it;
      continue;
    }
    it = jobs_.erase(it);
    --ended;
  }
}

std::optional<wire::JobsOk> JobTable::answer(const wire::Jobs& request) const {
  wire::JobsOk ok;
  if (request.job) {
    const auto* job = find(request.job);
    if (job == nullptr) return std::nullopt;
    ok.jobs.push_back(info_of(*job, true));
    return ok;
  }
  if (request.name.empty()) {
    for (const auto& [id, job] : jobs_) ok.jobs.push_back(info_of(job, false));
    return ok;
  }
  bool active = false, live = false;  // are among them
  for (auto it = jobs_.rbegin(); it != jobs_.rend(); ++it) {
    const auto& job = it->second;
    if (job.spec.name != request.name) continue;
    const bool wanted =
        ok.jobs.empty() || (!job.over() && !active) || (job.live && !live);
    if (wanted) ok.jobs.push_back(info_of(job, false));
    active = active || !job.over();
    live = live || job.live;
  }
  if (ok.jobs.empty()) return std::nullopt;
  // One spec a message.
  auto with_spec = std::ranges::find(ok.jobs, true, &wire::JobInfo::live);
  if (with_spec == ok.jobs.end()) with_spec = ok.jobs.begin();
  with_spec->spec = find(with_spec->job)->spec;
  return ok;
}

}  // namespace psmith::sched
