// HandDrivenAgent: an AgentCore under a clock that the test turns.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "node/agent_core.h"
#include "wire/version.h"

namespace psmith::node {

// What it sends to the master is kept.
struct HandDrivenAgent {
  HandDrivenAgent() {
    AgentSettings settings;
    settings.join.role = wire::Role::server;
    settings.join.wire_version = wire::kWireVersion;
    settings.join.addresses = {"inproc://lane"};
    settings.join.incarnation = 77;
    settings.reconnect = std::chrono::seconds(100);
    settings.master = "tcp://h:7700";
    core.emplace(settings);
    keep(core->start(now));
  }

  void keep(AgentCore::Actions actions) {
    for (auto& each : actions) all.push_back(std::move(each));
  }
  void hear(wire::Body body) { keep(core->on(now, {std::move(body), {}})); }
  void join() { hear(wire::JoinOk{NodeId(5), 1000, 4}); }
  // Time passes; the agent is asked exactly when it wants to be.
  void pass(Duration duration, std::uint64_t progress = 0) {
    const auto end = now + duration;
    while (core->next_deadline() <= end) {
      now = std::max(now, core->next_deadline());
      keep(core->tick(now, progress));
    }
    now = end;
  }

  template <class T>
  std::vector<T> sent() const {
    std::vector<T> out;
    for (const auto& action : all) {
      const auto* send = std::get_if<AgentCore::Send>(&action);
      if (send == nullptr) continue;
      if (const auto* body = std::get_if<T>(&send->body)) out.push_back(*body);
    }
    return out;
  }
  template <class T>
  std::vector<T> done() const {
    std::vector<T> out;
    for (const auto& action : all) {
      if (const auto* each = std::get_if<T>(&action)) out.push_back(*each);
    }
    return out;
  }

  std::size_t count(AgentCore::Way way) const {
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [&](const auto& action) {
          const auto* send = std::get_if<AgentCore::Send>(&action);
          return send != nullptr && send->way == way;
        }));
  }

  Instant now{std::chrono::hours(1)};
  std::optional<AgentCore> core;
  AgentCore::Actions all;
};

}  // namespace psmith::node
