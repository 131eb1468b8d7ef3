#include "node/master.h"

#include <optional>
#include <random>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "net/context.h"
#include "net/reactor.h"
#include "net/socket.h"
#include "sched/coordinator.h"

namespace psmith::node {
namespace {

std::uint64_t random_number() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

int status_of(Code code) { return code == Code::invalid ? 2 : 73; }

}  // namespace

struct Master::Impl {
  Impl(net::Context& context, MasterOptions options)
      : socket(reactor, context, [this](PeerId from, wire::Message message) {
          send(coordinator->on(turn(), from, message));
        }) {
    auto bound = socket.bind(options.listen);
    if (!bound) throw Failure(status_of(bound.error().code), bound.error());
    endpoint = *bound;
    options.settings.listen = endpoint;
    options.settings.incarnation = random_number();
    coordinator.emplace(std::move(options.settings), turn());
  }

  sched::Turn turn() const {
    return {.now = reactor.now(), .time_ms = unix_ms()};
  }

  // A message that the socket does not take is lost: whatever matters is
  // repeated by one side or the other.
  void send(const sched::Effects& effects) {
    for (const auto& each : effects) {
      (void)socket.send(each.to, each.message);
    }
    arm();
  }

  // One timer, not later than the earliest deadline: a tick too early is
  // harmless.
  void arm() {
    const auto next = coordinator->next_deadline();
    if (next >= armed) return;
    reactor.cancel(timer);
    armed = next;
    timer = reactor.at(next, [this] {
      armed = Instant::max();
      send(coordinator->tick(turn()));
    });
  }

  net::Reactor reactor;
  std::string endpoint;
  std::optional<sched::Coordinator> coordinator;
  net::TimerId timer;
  Instant armed = Instant::max();
  net::RouterSocket socket;  // last made, first gone
};

Master::Master(net::Context& context, MasterOptions options)
    : impl_(std::make_unique<Impl>(context, std::move(options))) {}

Master::~Master() = default;

const std::string& Master::endpoint() const { return impl_->endpoint; }

void Master::run() { impl_->reactor.run(); }

void Master::stop() { impl_->reactor.stop(); }

net::Reactor& Master::reactor() { return impl_->reactor; }

}  // namespace psmith::node
