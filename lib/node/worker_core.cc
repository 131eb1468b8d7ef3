#include "node/worker_core.h"

#include <algorithm>

#include "base/check.h"
#include "base/format.h"
#include "store/job_shape.h"

namespace psmith::node {

WorkerCore::WorkerCore(NodeId self, wire::JobRecord record)
    : self_(self),
      record_(std::move(record)),
      model_(model::make_model(record_.spec.model).value(78)),
      placement_(store::placement_of(record_, *model_)),
      schedule_(store::schedule_of(record_.spec)),
      requests_(record_.lanes.size()),
      known_(record_.lanes.size()),
      heard_(record_.lanes.size()) {}

void WorkerCore::on(std::size_t lane, wire::Message&& message, Instant now,
                    WorkerEffects& effects) {
  const auto ours = [&](const auto& m) {
    return m.job == record_.job && m.recovery == record_.recovery;
  };
  if (gave_up_) return;
  heard_[lane] = now;
  for (const auto& blob : message.blobs) received_bytes_ += blob.size();
  if (const auto* ok = std::get_if<wire::PullOk>(&message.body)) {
    if (!ours(*ok)) return;
    on_leases(ok->leases, now, effects);
    on_pull_ok(lane, *ok, std::move(message.blobs), now, effects);
  } else if (const auto* pushed = std::get_if<wire::PushOk>(&message.body)) {
    if (!ours(*pushed)) return;
    on_leases(pushed->leases, now, effects);
    const auto found = requests_[lane].find(pushed->seq);
    if (found == requests_[lane].end()) return;
    moved_ = now;
    if (pushed->keys_kept) remember_lists(lane, found->second.push);
    const auto id = found->second.push;
    requests_[lane].erase(found);
    answered_push(lane, id);
  } else if (const auto* leases = std::get_if<wire::Leases>(&message.body)) {
    if (ours(*leases)) on_leases(leases->leaves, now, effects);
  } else if (const auto* pending = std::get_if<wire::Pending>(&message.body)) {
    if (!ours(*pending)) return;
    const auto found = requests_[lane].find(pending->seq);
    if (found == requests_[lane].end()) return;
    found->second.sent = now;
    found->second.wait = std::min<Duration>(found->second.wait * 2, kAskMax);
  } else if (const auto* resend = std::get_if<wire::Resend>(&message.body)) {
    if (!ours(*resend)) return;
    const auto asked = requests_[lane].find(resend->seq);
    if (asked != requests_[lane].end()) {
      for (const auto id : {asked->second.push, asked->second.pull}) {
        const auto lease = leases_.find(id);
        if (!resend->with_keys || lease == leases_.end()) continue;
        forget_lists(lane, *lease->second.work);
      }
      send(lane, resend->seq, resend->with_keys, now, effects);
    }
  } else if (const auto* refused = std::get_if<wire::Refused>(&message.body)) {
    on_refused(lane, *refused, now, effects);
  }
  start_pulls(now, effects);
}

void WorkerCore::on_refused(std::size_t lane, const wire::Refused& refused,
                            Instant now, WorkerEffects& effects) {
  if (refused.job != record_.job) return;
  const auto found = requests_[lane].find(refused.seq);
  if (refused.code == "stale_view") {
    stale_ = true;
  } else if (found != requests_[lane].end()) {
    const bool for_good =
        refused.code == "bad_message" || refused.code == "invalid";
    refused_again(found->second, for_good,
                  format("lane {} refuses: {}", lane, refused.text), now,
                  effects);
  } else if (refused.code == "unknown_node" && refused.seq == 0 && lane == 0) {
    // A view that lists this worker is on its way to the lead lane.
    asked_for_leases_ = now - kAskAfter + kRetry;
  }
}

// The request goes out again, after ever longer waits. What is refused for
// good is refused as often as that to be sure.
void WorkerCore::refused_again(Request& request, bool for_good,
                               const std::string& text, Instant now,
                               WorkerEffects& effects) const {
  ++request.refused;
  request.bad = for_good ? request.bad + 1 : 0;
  request.sent = now;
  request.wait = std::min<Duration>(
      kRetry * (1U << std::min(request.refused - 1, 16U)), kRetryMax);
  request.again = true;
  if (request.bad >= kRefusedMax) {
    effects.push_back(GiveUp{{Code::invalid, text}});
  }
}

// The parts of a run that no lease has.
std::vector<wire::Leaves> WorkerCore::not_held(const wire::Leaves& run) const {
  std::vector<wire::Leaves> parts = {run};
  for (const auto& [id, lease] : leases_) {
    const auto& held = lease.work->leaves;
    if (held.step != run.step) continue;
    std::vector<wire::Leaves> left;
    for (const auto& part : parts) {
      const wire::Leaves before{run.step, part.begin,
                                std::min(part.end, held.begin)};
      const wire::Leaves after{run.step, std::max(part.begin, held.end),
                               part.end};
      if (before.begin < before.end) left.push_back(before);
      if (after.begin < after.end) left.push_back(after);
    }
    parts = std::move(left);
  }
  return parts;
}

void WorkerCore::on_leases(const std::vector<wire::Leaves>& leaves, Instant now,
                           WorkerEffects& effects) {
  for (const auto& run : leaves) {
    if (run.step >= schedule_.step_count() || run.begin >= run.end ||
        run.end > schedule_.at(run.step).block_count) {
      continue;
    }
    for (const auto& part : not_held(run)) {
      moved_ = now;
      take_lease(part, effects);
    }
  }
}

void WorkerCore::take_lease(const wire::Leaves& run, WorkerEffects& effects) {
  auto work = std::make_shared<Work>();
  work->id = next_id_++;
  work->leaves = run;
  work->step = schedule_.at(run.step);
  work->nodes =
      store::subtrees_of({run.begin, run.end}, work->step.block_count);
  auto& lease = leases_[work->id];
  lease.work = work;
  if (model_->tables().empty()) {
    lease.stage = Stage::prepared;
  } else {
    effects.push_back(PrepareWork{std::move(work)});
  }
}

void WorkerCore::prepared(std::uint64_t id, Instant now,
                          WorkerEffects& effects) {
  const auto found = leases_.find(id);
  if (found == leases_.end()) return;
  found->second.stage = Stage::prepared;
  start_pulls(now, effects);
}

// Is there a lease of the step before, whose push will carry this pull?
bool WorkerCore::will_be_carried(const Lease& lease) const {
  return std::any_of(leases_.begin(), leases_.end(), [&](const auto& item) {
    const auto& other = item.second;
    return other.stage != Stage::pushing &&
           other.work->leaves.step + 1 == lease.work->leaves.step;
  });
}

void WorkerCore::start_pulls(Instant now, WorkerEffects& effects) {
  for (auto& [id, lease] : leases_) {
    if (lease.stage != Stage::prepared || will_be_carried(lease)) continue;
    lease.stage = Stage::pulling;
    for (std::size_t lane = 0; lane < requests_.size(); ++lane) {
      lease.waiting.insert(lane);
      const auto seq = next_seq_++;
      requests_[lane][seq] = {.push = 0, .pull = id, .sent = now};
      send(lane, seq, false, now, effects);
    }
  }
}

void WorkerCore::on_pull_ok(std::size_t lane, const wire::PullOk& ok,
                            std::vector<Blob>&& blobs, Instant now,
                            WorkerEffects& effects) {
  const auto at = requests_[lane].find(ok.seq);
  if (at == requests_[lane].end()) return;
  const Request request = at->second;
  moved_ = now;
  if (ok.keys_kept) {
    remember_lists(lane, request.push);
    remember_lists(lane, request.pull);
  }
  requests_[lane].erase(at);
  answered_push(lane, request.push);
  const auto found = leases_.find(request.pull);
  if (found == leases_.end() || found->second.stage != Stage::pulling) return;
  if (ok.ended) ended_ = true;
  if (ok.ended || ok.stale) {
    for (auto& requests : requests_) {
      std::erase_if(requests, [&](const auto& item) {
        return item.second.pull == request.pull && item.second.push == 0;
      });
    }
    leases_.erase(found);
    return;
  }
  auto& lease = found->second;
  if (!fill(lane, *lease.work, blobs)) {
    // Not what was asked for: ask again a little later.
    auto& again = requests_[lane][next_seq_++];
    again = {.push = 0,
             .pull = request.pull,
             .sent = now,
             .refused = request.refused,
             .bad = request.bad};
    refused_again(again, true,
                  format("lane {} answers with weights of another shape", lane),
                  now, effects);
    return;
  }
  lease.waiting.erase(lane);
  if (!lease.waiting.empty()) return;
  lease.stage = Stage::computing;
  effects.push_back(ComputeWork{lease.work});
}

// Copies one lane's ranges and rows to their places; false if they do not fit.
bool WorkerCore::fill(std::size_t lane, Work& work, std::vector<Blob>& blobs) {
  const auto ranges = placement_.ranges(lane);
  const auto& tables = model_->tables();
  if (blobs.size() != ranges.size() + work.plans.size() * tables.size()) {
    return false;
  }
  work.dense.resize(model_->tensors().size());
  for (std::size_t t = 0; t < work.dense.size(); ++t) {
    work.dense[t].resize(model_->tensors()[t].size());
  }
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (blobs[i].size() != ranges[i].size() * sizeof(float)) return false;
    std::memcpy(work.dense[ranges[i].tensor].data() + ranges[i].begin,
                blobs[i].bytes().data(), blobs[i].size());
  }
  work.values.resize(work.plans.size() * tables.size());
  for (std::size_t i = 0; i < work.values.size(); ++i) {
    const auto& plan = *work.plans[i / tables.size()];
    const auto& lanes = plan.lanes[i % tables.size()];
    const std::size_t bytes = tables[i % tables.size()].width * sizeof(float);
    const auto& blob = blobs[ranges.size() + i];
    if (blob.size() != lanes.count(lane) * bytes) return false;
    auto& values = work.values[i];
    values.resize(plan.key.size() * tables[i % tables.size()].width);
    const auto* const from = blob.bytes().data();
    auto* const to = reinterpret_cast<std::byte*>(values.data());
    for (const auto& run : lanes.run) {
      if (!lanes.is_of(run, lane)) continue;
      std::memcpy(to + run.begin * bytes,
                  from + (run.to - lanes.lane_begin[lane]) * bytes,
                  (run.end - run.begin) * bytes);
    }
  }
  return true;
}

void WorkerCore::computed(std::uint64_t id, std::vector<store::Sum> sums,
                          Instant now, WorkerEffects& effects) {
  const auto found = leases_.find(id);
  if (found == leases_.end()) return;
  auto& lease = found->second;
  PSM_CHECK(sums.size() == lease.work->nodes.size(), "one sum per subtree");
  lease.sums = std::make_shared<const std::vector<store::Sum>>(std::move(sums));
  lease.stage = Stage::pushing;
  note_once(noted_computed_, "worker_computed",
            format("computed the gradients of {} micro-batches",
                   lease.work->leaves.end - lease.work->leaves.begin),
            effects);
  Lease* next = nullptr;
  for (auto& [other, candidate] : leases_) {
    if (candidate.stage == Stage::prepared &&
        candidate.work->leaves.step == lease.work->leaves.step + 1) {
      next = &candidate;
      break;
    }
  }
  if (next != nullptr) next->stage = Stage::pulling;
  for (std::size_t lane = 0; lane < requests_.size(); ++lane) {
    lease.waiting.insert(lane);
    if (next != nullptr) next->waiting.insert(lane);
    const auto seq = next_seq_++;
    requests_[lane][seq] = {
        .push = id, .pull = next == nullptr ? 0 : next->work->id, .sent = now};
    send(lane, seq, false, now, effects);
  }
  note_once(noted_pushed_, "worker_pushed",
            format("sent {} sums to {} lanes", lease.work->nodes.size(),
                   requests_.size()),
            effects);
  start_pulls(now, effects);
}

void WorkerCore::give_up() {
  gave_up_ = true;
  leases_.clear();
  for (auto& requests : requests_) requests.clear();
  asked_for_leases_.reset();
}

void WorkerCore::answered_push(std::size_t lane, std::uint64_t id) {
  const auto found = leases_.find(id);
  if (found == leases_.end() || found->second.stage != Stage::pushing) return;
  found->second.waiting.erase(lane);
  if (!found->second.waiting.empty()) return;
  if (record_.spec.epochs <= 1) {  // no name comes again
    for (std::size_t l = 0; l < known_.size(); ++l) {
      forget_lists(l, *found->second.work);
    }
  }
  leases_.erase(found);
}

void WorkerCore::note_once(bool& done, std::string kind, std::string text,
                           WorkerEffects& effects) const {
  if (done) return;
  done = true;
  effects.push_back(NoteMaster{wire::Note{.node = self_,
                                          .job = record_.job,
                                          .kind = std::move(kind),
                                          .text = std::move(text)}});
}

}  // namespace psmith::node
