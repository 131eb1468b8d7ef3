#include "net/requester.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/format.h"
#include "net/address.h"
#include "net/transport.h"
#include "wire/frames.h"

namespace psmith::net {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kProbe(1000);  // how long finding the reason may take

Instant deadline_after(Duration timeout) {
  return SteadyClock().now() +
         std::clamp<Duration>(timeout, Duration(0), std::chrono::hours(9000));
}

std::string in_seconds(Duration d) {
  return format("{:.3g} s", std::chrono::duration<double>(d).count());
}

enum class Ready { yes, late, woken };

}  // namespace

struct Requester::Impl {
  Impl(Context& context, RequesterOptions given)
      : options(std::move(given)),
        address(parse_peer_address(options.address).value(2)),
        socket(
            make_dealer(context, options.address, {.linger = options.linger})),
        cut(cut_of(options.address)) {}

  // Waits until the socket is ready for `events`.
  Ready wait_for(short events, Instant deadline) {
    while (true) {
      const auto left = deadline - SteadyClock().now();
      std::vector<zmq::pollitem_t> items{{socket.handle(), 0, events, 0}};
      if (options.wake_fd >= 0) {
        items.push_back({nullptr, options.wake_fd, ZMQ_POLLIN, 0});
      }
      const auto wait =
          std::clamp<Duration>(left, Duration(0), std::chrono::hours(1));
      poll(items, std::chrono::ceil<milliseconds>(wait));
      if (items[0].revents != 0) return Ready::yes;
      if (items.size() > 1 && items[1].revents != 0) return Ready::woken;
      if (left <= Duration(0)) return Ready::late;
    }
  }

  static void poll(std::vector<zmq::pollitem_t>& items, milliseconds wait) {
    try {
      zmq::poll(items, wait);
    } catch (const zmq::error_t&) {
      for (auto& item : items) item.revents = 0;  // a signal: look again
    }
  }

  Error cannot_reach() const {
    auto reason = probe(address, kProbe);
    if (reason.empty()) reason = "does not speak psmith";
    return error(Code::unavailable, "cannot reach {} {} ({})", options.who,
                 options.address, reason);
  }

  Error woken() const { return Error{Code::timed_out, "interrupted"}; }

  const RequesterOptions options;
  const Address address;
  zmq::socket_t socket;
  const wire::Cut cut;
  Counters counters;
};

Requester::Requester(Context& context, RequesterOptions options)
    : impl_(std::make_unique<Impl>(context, std::move(options))) {}

Requester::~Requester() = default;
Requester::Requester(Requester&&) noexcept = default;
Requester& Requester::operator=(Requester&&) noexcept = default;

Status Requester::connect(Duration timeout) {
  switch (impl_->wait_for(ZMQ_POLLOUT, deadline_after(timeout))) {
    case Ready::yes:
      return Done{};
    case Ready::woken:
      return impl_->woken();
    case Ready::late:
      break;
  }
  return impl_->cannot_reach();
}

Status Requester::send(const wire::Message& message) {
  PSM_TRY(const auto frames, wire::to_frames(message, impl_->cut));
  if (send_frames(impl_->socket, frames) != Sent::done) {
    ++impl_->counters.unsent_messages;
    return impl_->cannot_reach();
  }
  ++impl_->counters.sent_messages;
  impl_->counters.sent_bytes += bytes_of(frames);
  return Done{};
}

Result<wire::Message> Requester::receive(Duration timeout) {
  const auto deadline = deadline_after(timeout);
  std::vector<Blob> frames;
  Received got;
  while ((got = receive_frames(impl_->socket, frames)) == Received::nothing) {
    const auto ready = impl_->wait_for(ZMQ_POLLIN, deadline);
    if (ready == Ready::woken) return impl_->woken();
    if (ready == Ready::late) {
      return error(Code::timed_out, "no answer from {} {} in {}",
                   impl_->options.who, address(), in_seconds(timeout));
    }
  }
  ++impl_->counters.received_messages;
  impl_->counters.received_bytes += bytes_of(frames);
  auto message =
      got == Received::whole ? wire::from_frames(frames) : over_the_limits();
  if (!message) ++impl_->counters.bad_messages;
  return message;
}

Result<wire::Message> Requester::request(const wire::Message& message,
                                         Duration timeout) {
  PSM_DO(send(message));
  return receive(timeout);
}

const Counters& Requester::counters() const { return impl_->counters; }

const std::string& Requester::address() const { return impl_->options.address; }

}  // namespace psmith::net
