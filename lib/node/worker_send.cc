// How WorkerCore builds its requests.
#include "base/check.h"
#include "node/worker_core.h"

namespace psmith::node {
namespace {

constexpr std::size_t kKnownMax = 1U << 20;  // names a worker remembers a lane

std::uint64_t digest_number(const std::string& hex) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 16 && i < hex.size(); ++i) {
    const char c = hex[i];
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    number = number * 16 + static_cast<std::uint64_t>(digit & 15);
  }
  return number;
}

}  // namespace

wire::KeyList WorkerCore::list_name(const Work& work, std::size_t node) const {
  const auto& data = work.step.eval ? record_.spec.eval : record_.spec.train;
  const auto& at = work.nodes[node];
  return {.dataset = digest_number(data.digest),
          .shard = data.shards[work.step.shard],
          .begin = work.step.block_begin + at.begin,
          .end = work.step.block_begin + at.end};
}

void WorkerCore::add_list(std::size_t lane, const Work& work, std::size_t node,
                          std::size_t table, bool with_keys,
                          wire::KeyList& name, std::vector<Blob>& blobs) const {
  const auto& plan = *work.plans[node];
  const auto& lanes = plan.lanes[table];
  name = list_name(work, node);
  name.key_count = lanes.count(lane);
  const bool known = known_[lane].contains(
      {name.dataset, name.shard, name.begin, name.end, table});
  name.has_keys = name.key_count != 0 && (with_keys || !known);
  if (!name.has_keys) return;
  std::vector<placement::Key> keys;
  keys.reserve(name.key_count);
  for (const auto& run : lanes.run) {
    if (!lanes.is_of(run, lane)) continue;
    keys.insert(keys.end(), plan.key.begin() + run.begin,
                plan.key.begin() + run.end);
  }
  blobs.push_back(Blob::of(std::move(keys)));
}

void WorkerCore::remember_lists(std::size_t lane, std::uint64_t id) {
  const auto found = leases_.find(id);
  if (found == leases_.end() || known_[lane].size() >= kKnownMax) return;
  const auto& work = *found->second.work;
  // The push of an evaluation names no list: its answer tells of none.
  if (!gradient(work) && found->second.stage == Stage::pushing) return;
  for (std::size_t n = 0; n < work.plans.size(); ++n) {
    const auto name = list_name(work, n);
    for (std::size_t t = 0; t < model_->tables().size(); ++t) {
      known_[lane].insert({name.dataset, name.shard, name.begin, name.end, t});
    }
  }
}

void WorkerCore::forget_lists(std::size_t lane, const Work& work) {
  for (std::size_t n = 0; n < work.plans.size(); ++n) {
    const auto name = list_name(work, n);
    for (std::size_t t = 0; t < model_->tables().size(); ++t) {
      known_[lane].erase({name.dataset, name.shard, name.begin, name.end, t});
    }
  }
}

void WorkerCore::add_push(std::size_t lane, const Lease& lease, bool with_keys,
                          wire::PushPull& out, std::vector<Blob>& blobs) const {
  const auto& work = *lease.work;
  const auto& tables = model_->tables();
  for (std::size_t n = 0; n < work.nodes.size(); ++n) {
    const auto& sum = (*lease.sums)[n];
    wire::PushPart part;
    part.leaves = {work.leaves.step, work.nodes[n].begin, work.nodes[n].end};
    part.sums.assign(sum.sums.value.begin(), sum.sums.value.end());
    if (!gradient(work)) {
      if (lane == 0) part.curve = sum.curve.to_flat();
      out.push.push_back(std::move(part));
      continue;
    }
    for (const auto& range : placement_.ranges(lane)) {
      const std::span<const float> whole(sum.dense[range.tensor]);
      blobs.emplace_back(
          lease.sums, std::as_bytes(whole.subspan(range.begin, range.size())));
    }
    for (std::size_t t = 0; t < tables.size(); ++t) {
      part.lists.emplace_back();
      add_list(lane, work, n, t, with_keys, part.lists.back(), blobs);
      const auto& lanes = work.plans[n]->lanes[t];
      const std::size_t w = tables[t].width;
      const auto& value = sum.table[t].value;
      PSM_CHECK(value.size() == work.plans[n]->key.size() * w,
                "a sum over the subtree's keys");
      const auto mine = std::span<const float>(value).subspan(
          lanes.lane_begin[lane] * w, lanes.count(lane) * w);
      blobs.emplace_back(lease.sums, std::as_bytes(mine));
    }
    out.push.push_back(std::move(part));
  }
}

void WorkerCore::add_pull(std::size_t lane, const Work& work, bool with_keys,
                          wire::PushPull& out, std::vector<Blob>& blobs) const {
  out.pulls = true;
  out.pull_version = work.leaves.step;
  for (std::size_t n = 0; n < work.nodes.size(); ++n) {
    wire::PullPart part;
    part.leaves = {work.leaves.step, work.nodes[n].begin, work.nodes[n].end};
    for (std::size_t t = 0; t < model_->tables().size(); ++t) {
      part.lists.emplace_back();
      add_list(lane, work, n, t, with_keys, part.lists.back(), blobs);
    }
    out.pull.push_back(std::move(part));
  }
}

void WorkerCore::send(std::size_t lane, std::uint64_t seq, bool with_keys,
                      Instant now, WorkerEffects& effects) {
  auto& request = requests_[lane].at(seq);
  request.sent = now;
  wire::Message message;
  wire::PushPull out{.job = record_.job,
                     .recovery = record_.recovery,
                     .placement = record_.placement,
                     .worker = self_,
                     .seq = seq,
                     .push = {},
                     .pull = {}};
  const auto push = leases_.find(request.push);
  if (push != leases_.end()) {
    add_push(lane, push->second, with_keys, out, message.blobs);
  }
  const auto pull = leases_.find(request.pull);
  if (pull != leases_.end()) {
    add_pull(lane, *pull->second.work, with_keys, out, message.blobs);
  }
  for (const auto& blob : message.blobs) sent_bytes_ += blob.size();
  out.sent_bytes = sent_bytes_;
  out.received_bytes = received_bytes_;
  message.body = std::move(out);
  effects.push_back(ToLane{lane, std::move(message)});
}

}  // namespace psmith::node
