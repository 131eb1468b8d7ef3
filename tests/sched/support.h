// A master with a hand-driven clock, and the nodes and clients that talk to
// it, for the tests of sched/.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sched/coordinator.h"

namespace psmith::sched::test {

using namespace std::chrono_literals;

inline wire::JobSpec spec(std::string name = "m") {
  wire::JobSpec spec;
  spec.name = std::move(name);
  spec.model.kind = model::Kind::linear;
  spec.train.folder = "data";
  spec.train.shards = {0};
  spec.train.shape = {.shard_rows = {1000}, .block_rows = 10};
  return spec;
}

inline wire::Join join_of(wire::Role role, std::uint64_t incarnation,
                          std::size_t lanes = 1) {
  wire::Join join;
  join.role = role;
  join.incarnation = incarnation;
  join.wire_version = wire::kWireVersion;
  join.fingerprint = "same";
  for (std::size_t i = 0; i < lanes; ++i) {
    join.addresses.push_back("inproc://" + std::to_string(incarnation) + "." +
                             std::to_string(i));
  }
  join.threads = 1;
  return join;
}

inline bool has(const std::vector<std::string>& kinds,
                const std::string& kind) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

struct World {
  explicit World(Settings settings = {}) {
    coordinator.emplace(std::move(settings), turn());
  }

  Turn turn() const {
    return {.now = now,
            .time_ms = 1000 + static_cast<std::uint64_t>(
                                  now.time_since_epoch().count() / 1'000'000)};
  }

  // Effects by peer, in order; all of them are kept in `inbox` too.
  Effects say(std::uint64_t peer, wire::Body body) {
    return keep(coordinator->on(turn(), PeerId(peer), {std::move(body), {}}));
  }
  Effects tick() { return keep(coordinator->tick(turn())); }

  // Time passes in small steps; nodes that beat are heard meanwhile.
  void pass(Duration duration) {
    const auto end = now + duration;
    while (now < end) {
      now = std::min(end, now + 500ms);
      for (const auto& [peer, node] : beating) {
        say(peer, wire::Heartbeat{.node = node, .view = 0, .progress = 0});
      }
      tick();
    }
  }

  NodeId join(std::uint64_t peer, wire::Role role, std::size_t lanes = 1) {
    say(peer, join_of(role, peer, lanes));
    const auto node = last<wire::JoinOk>(peer)->node;
    beating[peer] = node;
    return node;
  }
  NodeId server(std::uint64_t peer, std::size_t lanes = 1) {
    return join(peer, wire::Role::server, lanes);
  }
  NodeId worker(std::uint64_t peer) { return join(peer, wire::Role::worker); }
  void kill(std::uint64_t peer) { beating.erase(peer); }

  JobId submit(wire::JobSpec spec, std::uint64_t token = 0) {
    say(100, wire::Submit{std::move(spec), token});
    const auto* ok = last<wire::SubmitOk>(100);
    return ok == nullptr ? JobId() : ok->job;
  }
  // The peer answers its newest StartJob.
  Effects ready(std::uint64_t peer) {
    const auto* start = last<wire::StartJob>(peer);
    return say(peer, wire::StartJobOk{.node = beating.at(peer),
                                      .job = start->record.job,
                                      .recovery = start->record.recovery});
  }
  wire::LaneDone done(JobId job, std::uint64_t lane,
                      std::uint64_t recovery = 0) {
    wire::LaneDone done;
    done.job = job;
    done.recovery = recovery;
    done.lane = lane;
    done.version = 100;
    done.best_version = 90;
    done.last.loss_mean = 0.25;
    return done;
  }

  wire::JobInfo info(JobId job) {
    say(101, wire::Jobs{.job = job, .name = ""});
    return last<wire::JobsOk>(101)->jobs.at(0);
  }

  // The newest message of this kind to the peer; null: none.
  template <class T>
  const T* last(std::uint64_t peer) const {
    for (auto it = inbox.rbegin(); it != inbox.rend(); ++it) {
      if (it->to != PeerId(peer)) continue;
      if (const auto* body = std::get_if<T>(&it->message.body)) return body;
    }
    return nullptr;
  }
  template <class T>
  static std::size_t count(const Effects& effects, std::uint64_t peer = 0) {
    std::size_t n = 0;
    for (const auto& each : effects) {
      const bool theirs = peer == 0 || each.to == PeerId(peer);
      if (theirs && std::holds_alternative<T>(each.message.body)) ++n;
    }
    return n;
  }

  std::vector<std::string> kinds(JobId job = {}) const {
    std::vector<std::string> out;
    for (const auto& event : coordinator->log().after(0, job).events) {
      out.push_back(event.kind);
    }
    return out;
  }
  std::string text(const std::string& kind) const {
    std::string out;
    for (const auto& event : coordinator->log().after(0, {}).events) {
      if (event.kind == kind) out = event.text;
    }
    return out;
  }

  Effects keep(Effects effects) {
    for (const auto& each : effects) inbox.push_back(each);
    return effects;
  }

  Instant now{std::chrono::hours(1)};
  std::optional<Coordinator> coordinator;
  std::map<std::uint64_t, NodeId> beating;
  std::vector<Send> inbox;
};

// A job that runs on servers 1 (2 lanes) and 2 (1 lane), workers 3 and 4.
struct Running : World {
  explicit Running(Settings settings = {}) : World(std::move(settings)) {
    server(1, 2);
    server(2, 1);
    worker(3);
    worker(4);
    job = submit(spec());
    ready(1);
    ready(2);
  }
  JobId job;
};

}  // namespace psmith::sched::test
