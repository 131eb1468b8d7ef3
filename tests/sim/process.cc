// What servers and workers have in common; see nodes.h.
#include <algorithm>

#include "sim/nodes.h"
#include "wire/version.h"

namespace psmith::sim {

void Process::start() {
  node::AgentSettings settings;
  settings.join = {.role = role_,
                   .name = "",
                   .incarnation = network_.rng().next() | 1,
                   .wire_version = wire::kWireVersion,
                   .fingerprint = "sim",
                   .addresses = addresses(),
                   .threads = 1};
  agent_.emplace(std::move(settings));
  control_ = network_.open([this, alive = alive_](Endpoint, wire::Message m) {
    if (*alive) perform(agent_->on(network_.now(), m));
  });
  perform(agent_->start(network_.now()));
  ticks();
}

void Process::kill() {
  *alive_ = false;
  if (node()) witness_.lost(node(), network_.now());
  network_.kill(control_);
  for (const auto endpoint : endpoints()) network_.kill(endpoint);
}

void Process::pause(double ms) {
  awake_ = network_.now() + Network::duration(ms);
  hold(ms, false);
}

// When the cable is back, TCP takes as long again to try the old connections.
void Process::isolate(double ms) {
  isolated_ = network_.now() + Network::duration(ms);
  hold(ms * (1 + network_.rng().uniform()), true);
}

void Process::hold(double ms, bool isolated) {
  const auto until = network_.now() + Network::duration(ms);
  network_.hold(control_, until, isolated);
  for (const auto endpoint : endpoints()) {
    network_.hold(endpoint, until, isolated);
  }
}

void Process::cut() {
  network_.cut(control_);
  for (const auto endpoint : endpoints()) network_.cut(endpoint);
}

void Process::later(double ms, std::function<void()> fn) {
  network_.after(ms, [this, alive = alive_, fn = std::move(fn)]() mutable {
    if (!*alive) return;
    if (awake_ <= network_.now()) return fn();
    const auto left = awake_ - network_.now();
    later(std::chrono::duration<double, std::milli>(left).count() + 0.01,
          std::move(fn));
  });
}

void Process::perform(node::AgentCore::Actions actions) {
  for (auto& action : actions) {
    if (!*alive_) return;
    std::visit([&](auto& each) { act(each); }, action);
  }
}

void Process::act(node::AgentCore::Send& send) {
  if (send.way == node::AgentCore::Way::fresh) {
    network_.cut(control_);
    network_.hold(control_, std::max(isolated_, awake_), true);
  }
  network_.send(control_, master_, {std::move(send.body), {}});
}

void Process::act(node::AgentCore::Joined& joined) {
  witness_.joined(joined.node);
  if (!node_faults_.keep_old_life) on_joined();
}

void Process::act(node::AgentCore::Viewed&) {
  witness_.viewed(agent_->view());
  on_view(agent_->view());
}

void Process::ticks() {
  perform(agent_->tick(network_.now(), 0));
  if (!*alive_) return;
  tick();
  later(40, [this] { ticks(); });
}

void Process::tell_master(wire::Body body) {
  perform(agent_->send(network_.now(), std::move(body)));
}

}  // namespace psmith::sim
