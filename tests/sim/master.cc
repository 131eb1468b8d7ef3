#include "sim/master.h"

#include <algorithm>
#include <cstdio>

namespace psmith::sim {
namespace {

using Endpoint = Network::Endpoint;
using Kind = sched::Record::Kind;

// A restarted router gives its peers other numbers.
constexpr std::uint64_t kLife = std::uint64_t{1} << 32;

}  // namespace

Master::Master(Network& network, double beat_ms, MasterFaults faults,
               bool trace)
    : network_(network), beat_ms_(beat_ms), faults_(faults), trace_(trace) {
  endpoint_ = network_.open([this](Endpoint from, wire::Message m) {
    if (!coordinator_) return;
    give(coordinator_->on(turn(), PeerId(from + lives_ * kLife), m));
  });
  begin();
  tick();
}

sched::Turn Master::turn() const {
  const auto ms = network_.now().time_since_epoch() / 1'000'000;
  return {network_.now(), static_cast<std::uint64_t>(ms.count())};
}

void Master::begin() {
  sched::Records records;
  for (const auto& [key, bytes] : journal_) {
    records.push_back({key.first, key.second, bytes});
  }
  const auto saved = sched::read_records(records).value(1);
  sched::Settings settings;
  settings.heartbeat = Network::duration(beat_ms_);
  settings.incarnation = network_.rng().next() | 1;
  ++lives_;
  coordinator_.emplace(settings, turn(), &saved);
  commit(coordinator_->records());
}

void Master::crash(bool in_turn) {
  if (!coordinator_) return;
  falls_ = in_turn;
  if (!in_turn) coordinator_.reset();
}

void Master::restart() {
  falls_ = false;
  coordinator_.reset();
  begin();
}

// Falling in a turn, it has committed or not, and sent so many messages.
void Master::give(const sched::Effects& effects) {
  watch();
  const auto records = coordinator_->records();
  const bool falls = falls_ && !records.empty();
  if (!falls) {
    commit(records);
    send(effects, effects.size());
    return;
  }
  const bool commits = network_.rng().below(2) == 0;
  const auto sent = commits || faults_.send_first
                        ? network_.rng().below(effects.size() + 1)
                        : 0;
  if (commits) commit(records);
  send(effects, sent);
  falls_ = false;
  coordinator_.reset();
}

void Master::commit(const sched::Records& records) {
  for (const auto& record : records) {
    if (faults_.forget_master && record.kind == Kind::master) continue;
    if (faults_.forget_nodes && record.kind == Kind::node) continue;
    if (faults_.forget_jobs && record.kind == Kind::job &&
        journal_.contains({record.kind, record.id})) {
      continue;
    }
    if (record.bytes.empty()) {
      journal_.erase({record.kind, record.id});
    } else {
      journal_[{record.kind, record.id}] = record.bytes;
    }
  }
}

void Master::send(const sched::Effects& effects, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto to = effects[i].to.value();
    if (to / kLife != lives_) continue;
    auto message = effects[i].message;
    auto* start = std::get_if<wire::StartJob>(&message.body);
    if (start != nullptr && faults_.same_recovery) start->record.recovery = 0;
    network_.send(endpoint_, to % kLife, std::move(message));
  }
}

std::size_t Master::job_count() const {
  return static_cast<std::size_t>(std::count_if(
      journal_.begin(), journal_.end(),
      [](const auto& entry) { return entry.first.first == Kind::job; }));
}

void Master::tick() {
  if (coordinator_ && network_.now() >= coordinator_->next_deadline()) {
    give(coordinator_->tick(turn()));
  }
  network_.after(20, [this] { tick(); });
}

void Master::watch() {
  for (const auto& event : coordinator_->log().after(seen_, {}).events) {
    seen_ = event.seq;
    if (event.kind == "leases_released") ++releases_;
    if (event.kind == "job_restarted") ++restarts_;
    if (!trace_) continue;
    std::fprintf(stderr, "%8llu ms %-18s %s\n",
                 static_cast<unsigned long long>(event.time_ms),
                 event.kind.c_str(), event.text.c_str());
  }
}

}  // namespace psmith::sim
