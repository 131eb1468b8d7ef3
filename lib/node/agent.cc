#include "node/agent.h"

#include <algorithm>
#include <optional>
#include <random>
#include <utility>

#include "base/format.h"
#include "net/address.h"
#include "net/context.h"
#include "net/reactor.h"
#include "net/socket.h"
#include "node/agent_core.h"
#include "node/fingerprint.h"
#include "wire/version.h"

namespace psmith::node {
namespace {

constexpr Duration kProbe = std::chrono::milliseconds(500);

AgentSettings settings_of(const AgentOptions& options) {
  std::random_device random;
  AgentSettings settings;
  settings.join = {
      .role = options.role,
      .name = options.name,
      .incarnation = (std::uint64_t{random()} << 32) | random() | 1,
      .wire_version = wire::kWireVersion,
      .fingerprint = fingerprint(),
      .addresses = options.addresses,
      .threads = options.threads};
  settings.master = options.master;
  settings.timeout = options.timeout;
  settings.reconnect = options.reconnect;
  return settings;
}

}  // namespace

struct Agent::Impl : std::enable_shared_from_this<Agent::Impl> {
  Impl(net::Context& c, net::Reactor& r, AgentOptions o, AgentCallbacks calls)
      : context(c),
        reactor(r),
        options(std::move(o)),
        callbacks(std::move(calls)),
        core(settings_of(options)) {}

  ~Impl() { reactor.cancel(timer); }

  void start() {
    socket.emplace(reactor, context, options.master,
                   [this](wire::Message message) {
                     perform(core.on(reactor.now(), message));
                   });
    perform(core.start(reactor.now()));
  }

  void tick() {
    const auto progress =
        options.progress == nullptr
            ? 0
            : options.progress->load(std::memory_order_relaxed);
    perform(core.tick(reactor.now(), progress));
  }

  // A callback may send (this is entered again) or destroy the agent.
  void perform(AgentCore::Actions actions) {
    const auto self = shared_from_this();
    for (auto& action : actions) {
      std::visit([&](auto& each) { act(each); }, action);
      if (closed) return;
    }
    arm();
  }

  void act(AgentCore::Send& send) {
    if (send.way == AgentCore::Way::alone) socket->clear();
    if (send.way == AgentCore::Way::fresh) socket->reconnect();
    (void)socket->send({std::move(send.body), {}});
  }
  void act(AgentCore::Joined& joined) {
    if (callbacks.on_joined) callbacks.on_joined(joined.node);
  }
  void act(AgentCore::Viewed&) {
    if (callbacks.on_view) callbacks.on_view(core.view());
  }
  void act(wire::StartJob& start) {
    if (callbacks.on_start_job) callbacks.on_start_job(start.record);
  }
  void act(wire::EndJob& end) {
    if (callbacks.on_end_job) callbacks.on_end_job(end);
  }
  void act(AgentCore::Silent&) {
    if (callbacks.on_silent) callbacks.on_silent(true);
  }
  void act(AgentCore::Heard&) {
    if (callbacks.on_silent) callbacks.on_silent(false);
  }
  void act(AgentCore::Fail& fail) {
    if (!fail.reached) {
      if (const auto why = reason(); !why.empty()) {
        fail.text += format(" ({})", why);
      }
      fail.text += "\nhint: is psctl master running, and is this its address?";
    }
    if (callbacks.on_failed) {
      callbacks.on_failed(
          Failure(fail.status, Error{Code::unavailable, fail.text}));
    }
  }

  std::string reason() const {
    auto address = net::parse_peer_address(options.master);
    return address.ok() ? net::probe(*address, kProbe) : std::string();
  }

  // One timer, not later than the earliest deadline.
  void arm() {
    const auto next = core.next_deadline();
    if (next >= armed) return;
    reactor.cancel(timer);
    armed = next;
    timer = reactor.at(next, [this] {
      armed = Instant::max();
      tick();
    });
  }

  net::Context& context;
  net::Reactor& reactor;
  const AgentOptions options;
  const AgentCallbacks callbacks;
  AgentCore core;
  bool closed = false;  // the agent is gone
  net::TimerId timer;
  Instant armed = Instant::max();
  std::optional<net::DealerSocket> socket;
};

Agent::Agent(net::Context& context, net::Reactor& reactor, AgentOptions options,
             AgentCallbacks callbacks)
    : impl_(std::make_shared<Impl>(context, reactor, std::move(options),
                                   std::move(callbacks))) {}

Agent::~Agent() { impl_->closed = true; }

void Agent::start() { impl_->start(); }

void Agent::send(wire::Body body) {
  impl_->perform(impl_->core.send(impl_->reactor.now(), std::move(body)));
}

void Agent::post(wire::Body body) {
  const std::weak_ptr<Impl> weak = impl_;
  impl_->reactor.post([weak, body = std::move(body)]() mutable {
    if (const auto impl = weak.lock()) {
      impl->perform(impl->core.send(impl->reactor.now(), std::move(body)));
    }
  });
}

void Agent::leave() { impl_->perform(impl_->core.leave()); }

NodeId Agent::node() const { return impl_->core.node(); }

const wire::View& Agent::view() const { return impl_->core.view(); }

}  // namespace psmith::node
