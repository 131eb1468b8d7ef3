#include "store/lane.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/format.h"
#include "store/job_shape.h"

namespace psmith::store {
namespace {

// Of the lists of a pull that may outlive the key cache's hold on them.
std::size_t bytes_of(const std::vector<std::shared_ptr<KnownList>>& lists) {
  std::size_t bytes = 0;
  for (const auto& list : lists) {
    if (list->kept) continue;
    bytes += sizeof(KnownList) +
             list->size() * (sizeof(std::uint64_t) + sizeof(std::uint32_t));
  }
  return bytes;
}

KeyCache key_cache_of(const wire::JobSpec& spec, const Lane::Limits& limits) {
  using Full = KeyCache::Full;
  if (spec.epochs > 1) {
    return KeyCache(limits.key_cache_bytes, Full::admits_no_more);
  }
  return KeyCache(std::min(limits.key_cache_bytes, limits.key_cache_once_bytes),
                  Full::drops_the_oldest);
}

}  // namespace

Lane::Lane(wire::JobRecord record, std::size_t lane_index, Instant now,
           Limits limits, Faults faults)
    : record_(std::move(record)),
      lane_index_(lane_index),
      limits_(limits),
      faults_(faults),
      model_(model::make_model(record_.spec.model).value(78)),
      placement_(placement_of(record_, *model_)),
      schedule_(schedule_of(record_.spec)),
      weights_(*model_, record_.spec.optimizer, placement_.ranges(lane_index)),
      keys_(key_cache_of(record_.spec, limits)),
      joins_(limits.join_cache_bytes),
      members_(record_.workers.begin(), record_.workers.end()),
      lead_(members_),
      reported_(now) {
  for (const auto& table : model_->tables()) widths_.push_back(table.width);
  open_step(now);
}

void Lane::settle() {
  if (!ended_ || failed_) return;
  weights_.settle();
  restore_ = false;
  keys_.clear();
  joins_.clear();
  eval_curve_ = {};
}

template <class Which>
void Lane::forget_pending(Which which) {
  std::erase_if(pending_, [&](const PendingPull& pull) {
    if (!which(pull)) return false;
    pending_bytes_ -= pull.bytes;
    return true;
  });
}

std::uint32_t Lane::leaves_of(std::uint64_t step) {
  return step < schedule_.step_count() ? schedule_.at(step).block_count : 0;
}

void Lane::open_step(Instant now) {
  const auto next = leaves_of(version_ + 1);
  const auto here = leaves_of(version_);
  if (here != 0) step_ = schedule_.at(version_);
  tree_ = Tree(here == 0 ? 1 : here, faults_, &joins_);
  changed_ = now;
  if (lead() && !ended_) lead_.advance(version_, here, next, now);
}

void Lane::on(PeerId peer, wire::Message&& message, Instant now,
              LaneEffects& effects) {
  if (auto* push = std::get_if<wire::PushPull>(&message.body)) {
    if (current(peer, *push, push->seq, effects)) {
      on_push_pull(peer, std::move(*push), std::move(message.blobs), now,
                   effects);
    }
  } else if (auto* request = std::get_if<wire::LeaseRequest>(&message.body)) {
    if (current(peer, *request, 0, effects)) {
      on_lease_request(peer, *request, now, effects);
    }
  } else if (auto* ask = std::get_if<wire::Ask>(&message.body)) {
    if (current(peer, *ask, ask->seq, effects)) on_ask(peer, *ask, effects);
  } else if (auto* missing = std::get_if<wire::Missing>(&message.body)) {
    if (current(peer, *missing, 0, effects)) on_missing(*missing, now);
  } else if (auto* fetch = std::get_if<wire::Fetch>(&message.body)) {
    if (current(peer, *fetch, fetch->seq, effects)) {
      on_fetch(peer, *fetch, effects);
    }
  } else if (auto* put = std::get_if<wire::Put>(&message.body)) {
    if (current(peer, *put, put->seq, effects)) {
      on_put(peer, *put, std::move(message.blobs), effects);
    }
  } else {
    effects.push_back(
        ToPeer{peer, refusal("bad_message", "not a message for a lane", 0)});
  }
  finish_steps(now, effects);
  send_leases(effects);
}

wire::Message Lane::refusal(std::string code, std::string text,
                            std::uint64_t seq) const {
  return {wire::Refused{.code = std::move(code),
                        .text = std::move(text),
                        .seq = seq,
                        .job = record_.job,
                        .retry_ms = 0},
          {}};
}

template <class Request>
bool Lane::current(PeerId peer, const Request& request, std::uint64_t seq,
                   LaneEffects& effects) {
  if (faults_.accept_stale) return true;
  if (request.recovery == record_.recovery &&
      request.placement == record_.placement) {
    return true;
  }
  auto text = format(
      "recovery {} and placement {} are not this lane's {} and {}",
      request.recovery, request.placement, record_.recovery, record_.placement);
  effects.push_back(ToPeer{peer, refusal("stale_view", std::move(text), seq)});
  return false;
}

bool Lane::member(PeerId peer, NodeId worker, std::uint64_t seq,
                  LaneEffects& effects) {
  if (members_.contains(worker)) return true;
  auto no =
      refusal("unknown_node",
              format("worker {} is not in this view", worker.value()), seq);
  std::get<wire::Refused>(no.body).retry_ms = 50;
  effects.push_back(ToPeer{peer, std::move(no)});
  return false;
}

Result<TakenRequest> Lane::read(const wire::PushPull& request,
                                std::vector<Blob>& blobs) {
  const LaneShape shape{.ranges = placement_.ranges(lane_index_),
                        .widths = widths_,
                        .placement = placement_,
                        .lane_index = lane_index_,
                        .keys = keys_,
                        .check_owner = !faults_.accept_stale};
  return RequestReader(shape, blobs).read(request, [&](std::uint64_t s) {
    if (s >= schedule_.step_count()) return StepShape{};
    const auto step = s == version_ && !ended_ ? step_ : schedule_.at(s);
    return StepShape{step.block_count, step.eval};
  });
}

void Lane::acknowledge(PeerId peer, const wire::PushPull& request, bool kept,
                       LaneEffects& effects) {
  effects.push_back(ToPeer{peer,
                           {wire::PushOk{.job = record_.job,
                                         .recovery = record_.recovery,
                                         .placement = record_.placement,
                                         .seq = request.seq,
                                         .keys_kept = kept,
                                         .leases = leases_for(request.worker)},
                            {}}});
}

void Lane::on_push_pull(PeerId peer, wire::PushPull&& request,
                        std::vector<Blob>&& blobs, Instant now,
                        LaneEffects& effects) {
  const auto seq = request.seq;
  if (!member(peer, request.worker, seq, effects)) return;
  const auto refuse = [&](std::string code, std::string text) {
    effects.push_back(
        ToPeer{peer, refusal(std::move(code), std::move(text), seq)});
  };
  for (const auto& part : request.push) {
    if (part.leaves.step > version_ && !faults_.accept_stale) {
      return refuse("bad_message", format("step {} is ahead of version {}",
                                          part.leaves.step, version_));
    }
  }
  auto taken = read(request, blobs);
  if (!taken) return refuse("bad_message", taken.error().message);
  if (taken->unknown_list) {
    effects.push_back(ToPeer{peer,
                             {wire::Resend{.job = record_.job,
                                           .recovery = record_.recovery,
                                           .seq = seq,
                                           .with_keys = true},
                              {}}});
    return;
  }
  // Not what brings a sum, or waits alone: the step goes on by that.
  const auto bytes =
      request.pull.size() * sizeof(wire::PullPart) + bytes_of(taken->pull);
  const bool waits = request.pulls && request.push.empty() && !ended_ &&
                     request.pull_version > version_ && !pending_.empty();
  if (waits && (pending_.size() >= limits_.pending_max ||
                pending_bytes_ + bytes > limits_.pending_bytes)) {
    return refuse("busy", "too many pulls wait here");
  }
  bool kept = true;
  for (auto& added : taken->added) {
    kept = keys_.keep(added.table, added.name, added.list) && kept;
  }
  for (const auto& added : taken->added) {  // one may have driven out another
    kept = kept && keys_.find(added.table, added.name) != nullptr;
  }
  auto lists = std::move(taken->pull);
  if (lead() && worker_peer_.size() < limits_.worker_max) {
    worker_peer_[request.worker] = peer;
    bytes_[request.worker] = {request.sent_bytes, request.received_bytes};
  }
  take(std::move(*taken), request.worker, now);
  finish_steps(now, effects);
  request.push.clear();
  if (!request.pulls) return acknowledge(peer, request, kept, effects);
  forget_pending([&](const PendingPull& p) {
    return p.request.worker == request.worker && p.request.seq == seq;
  });
  pending_bytes_ += bytes;
  pending_.push_back({peer, std::move(request), std::move(lists), kept, bytes});
  answer_pending(effects);
}

// Adds the sums to the step's tree. A push for this version proves that every
// lane has it, so the version before may go.
void Lane::take(TakenRequest&& taken, NodeId worker, Instant now) {
  for (auto& part : taken.push) {
    if (lead()) lead_.pushed(worker, part.leaves, now);
    if (part.leaves.step != version_ || ended_) continue;
    weights_.drop_old();
    for (std::size_t t = 0; t < part.sum.table.size(); ++t) {
      weights_.find(t, *part.sum.table[t].list);
    }
    const Node node{part.leaves.begin, part.leaves.end};
    if (tree_.add(node, std::move(part.sum))) changed_ = now;
  }
}

void Lane::on_lease_request(PeerId peer, const wire::LeaseRequest& request,
                            Instant now, LaneEffects& effects) {
  // After the end too: another lane may still lack leaves of the last step.
  if (!lead() || worker_peer_.size() >= limits_.worker_max) return;
  if (!member(peer, request.worker, 0, effects)) return;
  granted_.erase(request.worker);
  if (request.leaving) {
    worker_peer_.erase(request.worker);
    lead_.leave(request.worker, now);
    return;
  }
  worker_peer_[request.worker] = peer;
  granted_[request.worker];  // an answer, though there be no leaves for it
  lead_.request(request.worker, now);
}

void Lane::on_ask(PeerId peer, const wire::Ask& ask, LaneEffects& effects) {
  for (auto& pull : pending_) {
    if (pull.request.worker == ask.worker && pull.request.seq == ask.seq) {
      pull.peer = peer;
      effects.push_back(ToPeer{peer,
                               {wire::Pending{.job = record_.job,
                                              .recovery = record_.recovery,
                                              .seq = ask.seq},
                                {}}});
      return;
    }
  }
  effects.push_back(ToPeer{peer,
                           {wire::Resend{.job = record_.job,
                                         .recovery = record_.recovery,
                                         .seq = ask.seq,
                                         .with_keys = false},
                            {}}});
}

void Lane::on_missing(const wire::Missing& missing, Instant now) {
  if (!lead()) return;
  for (const auto& leaves : missing.leaves) lead_.missing(leaves, now);
}

void Lane::on_workers(const std::set<NodeId>& alive, Instant now,
                      LaneEffects& effects) {
  members_ = alive;
  forget_pending([&](const PendingPull& pull) {
    return !alive.contains(pull.request.worker);
  });
  if (lead()) {
    std::vector<NodeId> gone;
    for (const auto& [worker, peer] : worker_peer_) {
      if (!alive.contains(worker)) gone.push_back(worker);
    }
    for (const auto worker : gone) {
      worker_peer_.erase(worker);
      granted_.erase(worker);
      bytes_gone_.first += bytes_[worker].first;
      bytes_gone_.second += bytes_[worker].second;
      bytes_.erase(worker);
      lead_.leave(worker, now);
    }
    for (const auto worker : record_.workers) {
      if (!alive.contains(worker)) lead_.leave(worker, now);
    }
  }
  report_missing(now, effects);
  send_leases(effects);
}

void Lane::tick(Instant now, LaneEffects& effects) {
  if (lead()) lead_.tick(now);
  if (now - changed_ >= 5 * kTick && now - reported_missing_ >= 5 * kTick) {
    report_missing(now, effects);
  }
  end_if_over(effects);
  if (lead() && !ended_ && now - reported_ >= 2 * kTick) report(now, effects);
  send_leases(effects);
}

void Lane::report_missing(Instant now, LaneEffects& effects) {
  if (ended_ || step_.block_count == 0) return;
  reported_missing_ = now;
  wire::Missing missing{.job = record_.job,
                        .recovery = record_.recovery,
                        .placement = record_.placement,
                        .leaves = {}};
  for (const auto& run : tree_.missing()) {
    missing.leaves.push_back({version_, run.begin, run.end});
  }
  if (missing.leaves.empty()) return;
  if (lead()) {
    on_missing(missing, now);
  } else {
    effects.push_back(ToLead{{std::move(missing), {}}});
  }
}

void Lane::answer_pending(LaneEffects& effects) {
  const bool over = ended_;
  std::deque<PendingPull> waiting;
  for (auto& pull : pending_) {
    if (!over && pull.request.pull_version > version_) {
      waiting.push_back(std::move(pull));
    } else {
      pending_bytes_ -= pull.bytes;
      answer(pull, effects);
    }
  }
  pending_ = std::move(waiting);
}

void Lane::answer(const PendingPull& pull, LaneEffects& effects) {
  const auto version = pull.request.pull_version;
  wire::PullOk ok{.job = record_.job,
                  .recovery = record_.recovery,
                  .placement = record_.placement,
                  .seq = pull.request.seq,
                  .version = version_,
                  .ended = ended_ && version >= version_,
                  .stale = version < version_ && !weights_.has(version),
                  .keys_kept = pull.keys_kept,
                  .leases = leases_for(pull.request.worker)};
  std::vector<Blob> blobs;
  if (!ok.ended && !ok.stale) {
    ok.version = version;
    for (std::size_t i = 0; i < weights_.range_count(); ++i) {
      blobs.push_back(weights_.dense(i, version));
    }
    const auto tables = weights_.table_count();
    for (std::size_t i = 0; i < pull.lists.size(); ++i) {
      auto& list = *pull.lists[i];
      blobs.push_back(Blob::of(weights_.rows(i % tables, list, version)));
    }
  }
  effects.push_back(ToPeer{pull.peer, {std::move(ok), std::move(blobs)}});
}

}  // namespace psmith::store
