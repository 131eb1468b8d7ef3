#include "infer/failover.h"

#include <algorithm>

#include "base/check.h"

namespace psmith::infer {

Failover::Failover(const FailoverSettings& settings)
    : settings_(settings), rng_(settings.seed) {
  PSM_CHECK(settings.outstanding_max >= 1, "a worker may owe one batch");
}

void Failover::join(Instant now, NodeId worker) {
  workers_[worker];
  heard(now, worker);
}

void Failover::leave(NodeId worker) {
  const auto found = workers_.find(worker);
  if (found == workers_.end()) return;
  take_back(found->second);
  workers_.erase(found);
}

void Failover::heard(Instant now, NodeId worker) {
  alive_ = std::max(alive_, now);
  const auto found = workers_.find(worker);
  if (found == workers_.end()) return;
  found->second.quiet_since = now;
  if (found->second.silent) {
    found->second.silent = false;
    found->second.resume = now;
  }
}

void Failover::submit(Instant now, std::uint64_t batch) {
  if (open_.empty()) alive_ = std::max(alive_, now);
  const bool fresh = open_.insert(batch).second;
  PSM_CHECK(fresh, "a batch is submitted once");
  queue_.insert(batch);
}

bool Failover::answered(Instant now, NodeId worker, std::uint64_t batch) {
  heard(now, worker);
  const auto found = workers_.find(worker);
  if (found != workers_.end()) found->second.owed.erase(batch);
  queue_.erase(batch);
  return open_.erase(batch) == 1;
}

void Failover::returned(Instant now, const Returned& batch) {
  heard(now, batch.worker);
  const auto found = workers_.find(batch.worker);
  if (found == workers_.end()) return;
  Worker& worker = found->second;
  if (worker.owed.erase(batch.batch) == 0) return;
  worker.resume = std::max(worker.resume, batch.resume);
  if (open_.contains(batch.batch)) queue_.insert(batch.batch);
}

std::vector<Failover::Send> Failover::step(Instant now) {
  for (auto& [id, worker] : workers_) {
    if (worker.owed.empty()) continue;
    if (now - worker.quiet_since < settings_.silence) continue;
    take_back(worker);
    worker.silent = true;
    worker.resume = now + settings_.silence;
  }
  std::vector<Send> sends;
  while (!queue_.empty()) {
    const auto id = choose(now);
    if (!id) break;
    Worker& worker = workers_.at(*id);
    if (worker.owed.empty()) worker.quiet_since = now;
    const auto batch = *queue_.begin();
    worker.owed.insert(batch);
    queue_.erase(queue_.begin());
    last_ = *id;
    sends.push_back({.worker = *id, .batch = batch});
  }
  return sends;
}

std::optional<Instant> Failover::deadline() const {
  if (open_.empty()) return std::nullopt;
  Instant first = alive_ + settings_.timeout;
  for (const auto& [id, worker] : workers_) {
    if (!worker.owed.empty()) {
      first = std::min(first, worker.quiet_since + settings_.silence);
    }
    if (!queue_.empty() && room(worker, worker.resume) > 0) {
      first = std::min(first, worker.resume);
    }
  }
  return first;
}

bool Failover::gave_up(Instant now) const {
  return !open_.empty() && now - alive_ >= settings_.timeout;
}

std::size_t Failover::silent_count() const {
  return static_cast<std::size_t>(
      std::count_if(workers_.begin(), workers_.end(),
                    [](const auto& item) { return item.second.silent; }));
}

bool Failover::owes(NodeId worker) const {
  const auto found = workers_.find(worker);
  return found != workers_.end() && !found->second.owed.empty();
}

std::size_t Failover::room(const Worker& worker, Instant now) const {
  if (now < worker.resume) return 0;
  const auto owed_max = worker.silent ? 1 : settings_.outstanding_max;
  return owed_max - std::min(owed_max, worker.owed.size());
}

std::optional<NodeId> Failover::choose(Instant now) {
  return settings_.divide == Divide::even ? choose_even(now)
                                          : choose_random(now);
}

std::optional<NodeId> Failover::choose_even(Instant now) const {
  std::optional<NodeId> best;
  std::size_t best_owed = 0;
  // Once around, starting after the one whose turn it was.
  const auto visit = [&](NodeId id, const Worker& worker) {
    if (room(worker, now) == 0) return;
    if (best && worker.owed.size() >= best_owed) return;
    best = id;
    best_owed = worker.owed.size();
  };
  const auto start = workers_.upper_bound(last_);
  for (auto i = start; i != workers_.end(); ++i) visit(i->first, i->second);
  for (auto i = workers_.begin(); i != start; ++i) visit(i->first, i->second);
  return best;
}

std::optional<NodeId> Failover::choose_random(Instant now) {
  std::vector<NodeId> with_room;
  for (const auto& [id, worker] : workers_) {
    if (room(worker, now) > 0) with_room.push_back(id);
  }
  if (with_room.empty()) return std::nullopt;
  return with_room[static_cast<std::size_t>(rng_.below(with_room.size()))];
}

void Failover::take_back(Worker& worker) {
  for (const auto batch : worker.owed) {
    if (open_.contains(batch)) queue_.insert(batch);
  }
  worker.owed.clear();
}

}  // namespace psmith::infer
