#include "store/lead.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace psmith::store {
namespace {

// The cut within `slack` of `at` that is a multiple of the largest power of 2.
std::uint32_t round_cut(double at, double slack, std::uint32_t low,
                        std::uint32_t high) {
  const auto nearest = static_cast<std::uint32_t>(
      std::clamp(std::round(at), double(low), double(high)));
  std::uint32_t best = nearest;
  for (std::uint32_t unit = 2; unit <= 2 * slack + 1; unit *= 2) {
    const auto cut = static_cast<std::uint32_t>(std::round(at / unit)) * unit;
    if (cut >= low && cut <= high && std::abs(cut - at) <= slack) best = cut;
  }
  return best;
}

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

std::vector<Node> cut_runs(std::uint32_t leaf_count,
                           const std::vector<double>& share) {
  const auto n = static_cast<std::uint32_t>(share.size());
  const double total = std::accumulate(share.begin(), share.end(), 0.0);
  std::vector<Node> runs(n);
  std::uint32_t begin = 0;
  double target = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    const double part = leaf_count * share[i] / total;
    target += part;
    const std::uint32_t left = n - 1 - i;
    std::uint32_t end = leaf_count;
    if (left != 0 && leaf_count >= n) {
      end = round_cut(target, 0.15 * part, begin + 1, leaf_count - left);
    } else if (left != 0) {
      end = std::min(begin + 1, leaf_count);
    }
    runs[i] = {begin, end};
    begin = end;
  }
  return runs;
}

void Lead::advance(std::uint64_t version, std::uint32_t leaves_now,
                   std::uint32_t leaves_next, Instant now) {
  if (started_ && version > version_ && !std::exchange(held_up_, false)) {
    const auto took = now - version_since_;
    step_mean_ =
        step_mean_ == Duration::zero() ? took : (step_mean_ * 7 + took) / 8;
  }
  version_ = version;
  version_since_ = now;
  while (!plans_.empty() && plans_.begin()->first + 1 < version) {
    plans_.erase(plans_.begin());
  }
  if (leaves_now != 0) plans_[version].leaf.resize(leaves_now);
  if (leaves_next != 0) plans_[version + 1].leaf.resize(leaves_next);
  if (started_) {
    plan(version, now);
    plan(version + 1, now);
  }
}

bool Lead::gathered(Instant now) const {
  if (workers_.empty()) return false;
  const bool all =
      std::all_of(expected_.begin(), expected_.end(),
                  [&](NodeId worker) { return workers_.contains(worker); });
  return all || now - first_request_ >= kGather;
}

void Lead::request(NodeId worker, Instant now) {
  if (workers_.empty()) first_request_ = now;
  workers_[worker].late = false;
  workers_[worker].heard = now;
  for (const auto& [step, plan] : plans_) {
    const auto& leaf = plan.leaf;
    const auto count = static_cast<std::uint32_t>(leaf.size());
    for (std::uint32_t i = 0; i < count;) {
      const auto mine = [&](std::uint32_t j) {
        return j < count && leaf[j].owner == worker &&
               leaf[j].state == State::leased;
      };
      const auto begin = i;
      while (mine(i)) ++i;
      if (i > begin) grants_.push_back({worker, {step, begin, i}});
      if (i == begin) ++i;
    }
  }
  tick(now);
}

void Lead::plan(std::uint64_t step, Instant now) {
  const auto found = plans_.find(step);
  if (found == plans_.end() || found->second.planned || workers_.empty()) {
    return;
  }
  auto& plan = found->second;
  plan.planned = true;
  const auto count = static_cast<std::uint32_t>(plan.leaf.size());
  auto order = candidates();
  double known = 0;
  std::size_t measured = 0;
  for (const auto id : order) {
    const double speed = workers_.at(id).speed;
    known += speed;
    measured += speed > 0 ? 1 : 0;
  }
  const double mean = measured == 0 ? 1 : known / double(measured);
  std::vector<double> share;
  for (const auto id : order) {
    const double speed = workers_.at(id).speed;
    share.push_back(std::max(speed > 0 ? speed : mean, mean / 64));
  }
  if (order.size() > count) {  // take turns
    const auto turn = static_cast<std::ptrdiff_t>(step % order.size());
    std::rotate(order.begin(), order.begin() + turn, order.end());
  }
  const auto runs = cut_runs(count, share);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (runs[i].size() != 0) grant(step, runs[i], order[i], now);
  }
}

void Lead::grant(std::uint64_t step, Node run, NodeId worker, Instant now) {
  auto& plan = plans_[step];
  for (auto i = run.begin; i < run.end; ++i) {
    plan.leaf[i] = {State::leased, worker, now};
  }
  grants_.push_back({worker, {step, run.begin, run.end}});
}

void Lead::release(std::uint64_t step, Node run, NodeId worker) {
  auto& plan = plans_[step];
  for (auto i = run.begin; i < run.end; ++i) plan.leaf[i].state = State::free;
  releases_.push_back({worker, {step, run.begin, run.end}});
}

std::vector<NodeId> Lead::candidates() const {
  std::vector<NodeId> prompt, all;
  for (const auto& [id, worker] : workers_) {
    all.push_back(id);
    if (!worker.late) prompt.push_back(id);
  }
  return prompt.empty() ? all : prompt;
}

void Lead::release_all(NodeId worker) {
  for (auto& [step, plan] : plans_) {
    const auto count = static_cast<std::uint32_t>(plan.leaf.size());
    for (std::uint32_t i = 0; i < count;) {
      const auto begin = i;
      while (i < count && plan.leaf[i].owner == worker &&
             plan.leaf[i].state == State::leased) {
        ++i;
      }
      if (i > begin) release(step, {begin, i}, worker);
      if (i == begin) ++i;
    }
  }
}

void Lead::leave(NodeId worker, Instant now) {
  expected_.erase(worker);
  if (workers_.erase(worker) == 0) return;
  release_all(worker);
  tick(now);
}

void Lead::end() { plans_.erase(plans_.upper_bound(version_), plans_.end()); }

void Lead::pushed(NodeId worker, const wire::Leaves& leaves, Instant now) {
  const auto known = workers_.find(worker);
  if (known != workers_.end()) known->second.heard = now;
  if (known != workers_.end() && known->second.late) {
    known->second.late = false;  // slow, not hung
    if (leaves.step == version_) {
      held_up_ = std::any_of(workers_.begin(), workers_.end(),
                             [](const auto& w) { return w.second.late; });
    }
  }
  const auto found = plans_.find(leaves.step);
  if (found == plans_.end()) return;
  auto& plan = found->second;
  for (auto i = leaves.begin; i < leaves.end && i < plan.leaf.size(); ++i) {
    plan.leaf[i] = {State::pushed, worker, plan.leaf[i].since};
  }
  if (leaves.step == version_) measure(worker, plan, now);
}

// speed = leaves pushed / time, once all the worker's leaves of a step are in.
void Lead::measure(NodeId worker, const Plan& plan, Instant now) {
  std::size_t mine = 0;
  Instant since = version_since_;
  for (const auto& leaf : plan.leaf) {
    if (leaf.owner != worker) continue;
    if (leaf.state == State::leased) return;
    ++mine;
    since = std::max(since, leaf.since);
  }
  const auto found = workers_.find(worker);
  if (found == workers_.end() || mine == 0) return;
  const double took = std::max(seconds(now - since), 1e-6);
  auto& speed = found->second.speed;
  const double measured = double(mine) / took;
  speed = speed == 0 ? measured : 0.7 * speed + 0.3 * measured;
}

void Lead::missing(const wire::Leaves& leaves, Instant now) {
  const auto found = plans_.find(leaves.step);
  if (found == plans_.end()) return;
  auto& plan = found->second;
  const auto end =
      std::min(leaves.end, static_cast<std::uint32_t>(plan.leaf.size()));
  // A worker that only waits asks for its leases again and again.
  const auto gone = [&](NodeId worker) {
    const auto known = workers_.find(worker);
    return known == workers_.end() || now - known->second.heard > deadline();
  };
  for (auto i = leaves.begin; i < end;) {
    const NodeId owner = plan.leaf[i].owner;
    const auto begin = i;
    while (i < end && plan.leaf[i].owner == owner &&
           plan.leaf[i].state == State::pushed && gone(owner)) {
      ++i;
    }
    if (i > begin) release(leaves.step, {begin, i}, owner);
    if (i == begin) ++i;
  }
  tick(now);
}

void Lead::tick(Instant now) {
  if (!started_ && gathered(now)) {
    started_ = true;
    version_since_ = now;
  }
  if (!started_) return;
  plan(version_, now);  // where there was no worker when it was opened
  plan(version_ + 1, now);
  release_late(now);
  distribute(now);
}

Duration Lead::deadline() const { return std::max(kLate, step_mean_ * 10); }

// What a worker holds of this step past the deadline goes to others, and what
// it holds of the next one too: it may hang. A lone worker has no others.
void Lead::release_late(Instant now) {
  const auto found = plans_.find(version_);
  if (found == plans_.end() || workers_.size() < 2 ||
      now - version_since_ <= deadline()) {
    return;
  }
  std::map<NodeId, std::size_t> late;  // and how many leaves each holds
  for (const auto& leaf : found->second.leaf) {
    if (leaf.state == State::leased && now - leaf.since > deadline()) {
      ++late[leaf.owner];
    }
  }
  for (const auto& [id, count] : late) {
    held_up_ = true;
    release_all(id);
    const auto worker = workers_.find(id);
    if (worker == workers_.end()) continue;
    worker->second.late = true;
    // If it comes back, it is slower than this.
    const double most = double(count) / seconds(deadline());
    auto& speed = worker->second.speed;
    speed = speed == 0 ? most : std::min(speed, most);
  }
}

NodeId Lead::least_loaded(std::uint64_t step, NodeId except) const {
  const auto& plan = plans_.at(step);
  NodeId best;
  std::size_t best_load = 0;
  const auto among = candidates();
  for (const auto id : among) {
    if (id == except && among.size() > 1) continue;
    const auto load = static_cast<std::size_t>(std::count_if(
        plan.leaf.begin(), plan.leaf.end(), [&](const Leaf& leaf) {
          return leaf.owner == id && leaf.state == State::leased;
        }));
    if (!best || load < best_load) {
      best = id;
      best_load = load;
    }
  }
  return best;
}

// Free leaves of planned steps go out again, in runs cut over the workers.
void Lead::distribute(Instant now) {
  if (workers_.empty()) return;
  for (auto& [step, plan] : plans_) {
    if (!plan.planned && step >= version_) continue;
    const auto count = static_cast<std::uint32_t>(plan.leaf.size());
    for (std::uint32_t i = 0; i < count;) {
      const NodeId owner = plan.leaf[i].owner;
      const auto begin = i;
      while (i < count && plan.leaf[i].state == State::free &&
             plan.leaf[i].owner == owner) {
        ++i;
      }
      if (i == begin) {
        ++i;
        continue;
      }
      const auto size = i - begin;
      const auto parts = std::min<std::size_t>(candidates().size(), size);
      for (const auto& run : cut_runs(size, std::vector<double>(parts, 1.0))) {
        grant(step, {begin + run.begin, begin + run.end},
              least_loaded(step, owner), now);
      }
    }
  }
}

std::size_t Lead::waiting_for() const {
  const auto found = plans_.find(version_);
  if (found == plans_.end()) return 0;
  std::set<NodeId> holders;
  for (const auto& leaf : found->second.leaf) {
    if (leaf.state == State::leased) holders.insert(leaf.owner);
  }
  return holders.size();
}

std::vector<Lead::Grant> Lead::take_grants() {
  return std::exchange(grants_, {});
}

std::vector<Lead::Release> Lead::take_releases() {
  return std::exchange(releases_, {});
}

}  // namespace psmith::store
