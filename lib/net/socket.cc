#include "net/socket.h"

#include <unistd.h>

#include <cerrno>
#include <deque>
#include <filesystem>
#include <utility>

#include "base/check.h"
#include "base/format.h"
#include "net/address.h"
#include "net/peer_table.h"
#include "net/reactor.h"
#include "net/transport.h"
#include "wire/codec.h"
#include "wire/frames.h"

namespace psmith::net {
namespace {

Error cannot_listen(const std::string& address, const zmq::error_t& e) {
  switch (e.num()) {
    case EADDRINUSE:
      return error(Code::conflict, "cannot listen on {} (address in use)",
                   address);
    case ENODEV:
    case EADDRNOTAVAIL:
      return error(Code::invalid,
                   "cannot listen on {} (no such interface here)", address);
    case EACCES:
      return error(Code::unavailable, "cannot listen on {} (no permission)",
                   address);
    default:
      return error(Code::unavailable, "cannot listen on {} ({})", address,
                   e.what());
  }
}

// What a router tells the sender of a bad message.
wire::Message refusal(const Error& fault) {
  wire::Refused refused;
  refused.code = fault.code == Code::conflict    ? "wire_version"
                 : fault.code == Code::exhausted ? "busy"
                                                 : "bad_message";
  refused.text = fault.message;
  return {refused, {}};
}

SendResult unsent(const Error& fault) {
  return fault.code == Code::exhausted ? SendResult::too_large
                                       : SendResult::no_room;
}

// libzmq removes what it finds at an ipc path, also a file, or the socket of a
// process that is too busy to answer: only a dead socket makes way.
Status check_free(const Address& address) {
  if (address.transport != Transport::ipc) return Done{};
  const auto refuse = [&](Code code, std::string_view why) {
    return error(code, "cannot listen on {} ({})", address.text(), why);
  };
  std::error_code ignored;
  const auto there = std::filesystem::status(address.path, ignored);
  if (std::filesystem::exists(there) && !std::filesystem::is_socket(there)) {
    return refuse(Code::unavailable, "what is there is no socket");
  }
  const auto why = probe(address, std::chrono::seconds(1));
  if (why.empty()) return refuse(Code::conflict, "address in use");
  if (why == "refused" || why == "no such file") return Done{};
  return refuse(Code::unavailable, why);
}

std::string_view text_of(const Blob& blob) {
  return {reinterpret_cast<const char*>(blob.bytes().data()), blob.size()};
}

void count_received(Counters& counters, std::span<const Blob> frames) {
  ++counters.received_messages;
  counters.received_bytes += bytes_of(frames);
}

void count_sent(Counters& counters, std::span<const Blob> frames) {
  ++counters.sent_messages;
  counters.sent_bytes += bytes_of(frames);
}

}  // namespace

// ---- router ---------------------------------------------------------------

struct RouterSocket::Impl final : Source {
  Impl(Reactor& owner, Context& context, Handler handler,
       const SocketOptions& options)
      : reactor(owner),
        socket(make_socket(context, zmq::socket_type::router, options)),
        on_message(std::move(handler)),
        peers(options.peer_max) {}

  void* handle() override { return socket.handle(); }
  bool wants_write() const override { return false; }
  void flush() override {}

  void drain(std::size_t n, Instant until) override {
    while (n-- > 0 && !closed && SteadyClock().now() < until) {
      const auto got = receive_frames(socket, frames);
      if (got == Received::nothing) return;
      take(got == Received::whole);
    }
  }

  void take(bool whole) {
    if (frames.empty()) {  // no memory, not even for who sent it
      ++counters.bad_messages;
      return;
    }
    const auto peer = peers.heard(text_of(frames.front()));
    const auto body = std::span<const Blob>(frames).subspan(1);
    count_received(counters, body);
    auto message = whole ? wire::from_frames(body) : over_the_limits();
    frames.clear();
    if (message) {
      on_message(peer, std::move(*message));
      return;
    }
    ++counters.bad_messages;
    (void)send(peer, refusal(message.error()));
  }

  // A peer that is gone keeps its number: it may be back in a moment under the
  // same routing id, and whoever holds the number answers it still.
  SendResult send(PeerId peer, const wire::Message& message) {
    const auto sent = try_send(peer, message);
    if (sent != SendResult::taken) ++counters.unsent_messages;
    return sent;
  }

  SendResult try_send(PeerId peer, const wire::Message& message) {
    const auto routing_id = peers.routing_id(peer);
    if (!routing_id) return SendResult::no_room;
    auto out = wire::to_frames(message, cut);
    if (!out) return unsent(out.error());
    if (send_frames(socket, *out, &*routing_id) != Sent::done) {
      return SendResult::no_room;
    }
    count_sent(counters, *out);
    return SendResult::taken;
  }

  Result<std::string> bind(const std::string& text) {
    PSM_TRY(auto address, parse_address(text));
    if (address.transport == Transport::tcp) {
      PSM_TRY(address.host, numeric_host(address));
    }
    PSM_DO(check_free(address));
    try {
      set_send_buffer(socket, address);
      if (is_ipv6(address)) socket.set(zmq::sockopt::ipv6, true);
      socket.bind(address.text());
      if (address.transport != Transport::inproc) cut = wire::Cut::yes;
      if (address.transport == Transport::ipc) files.push_back(address.path);
      return socket.get(zmq::sockopt::last_endpoint);
    } catch (const zmq::error_t& e) {
      return cannot_listen(text, e);
    }
  }

  void close() {
    closed = true;
    reactor.remove(this);
    // libzmq leaves them behind; once it is closed another may have the name.
    for (const auto& file : files) ::unlink(file.c_str());
    socket.close();
  }

  Reactor& reactor;
  zmq::socket_t socket;
  Handler on_message;
  PeerTable peers;
  Counters counters;
  wire::Cut cut = wire::Cut::no;   // until it listens beyond this process
  std::vector<std::string> files;  // of ipc addresses
  bool closed = false;
  std::vector<Blob> frames;  // of the message at hand
};

RouterSocket::RouterSocket(Reactor& reactor, Context& context,
                           Handler on_message, SocketOptions options)
    : impl_(std::make_shared<Impl>(reactor, context, std::move(on_message),
                                   options)) {
  reactor.add(impl_);
}

RouterSocket::~RouterSocket() { impl_->close(); }

Result<std::string> RouterSocket::bind(const std::string& address) {
  return impl_->bind(address);
}

SendResult RouterSocket::send(PeerId peer, const wire::Message& message) {
  return impl_->send(peer, message);
}

std::size_t RouterSocket::peer_count() const { return impl_->peers.size(); }

const Counters& RouterSocket::counters() const { return impl_->counters; }

// ---- dealer ---------------------------------------------------------------

struct DealerSocket::Impl final : Source {
  Impl(Reactor& owner, Context& where, const std::string& peer, Handler handler,
       const SocketOptions& given)
      : reactor(owner),
        context(where),
        address(peer),
        options(given),
        socket(make_dealer(where, peer, given)),
        on_message(std::move(handler)),
        cut(cut_of(peer)) {}

  void* handle() override { return socket.handle(); }
  bool wants_write() const override { return !outbox.empty(); }

  void drain(std::size_t n, Instant until) override {
    while (n-- > 0 && !closed && SteadyClock().now() < until) {
      const auto got = receive_frames(socket, frames);
      if (got == Received::nothing) return;
      count_received(counters, frames);
      auto message = got == Received::whole ? wire::from_frames(frames)
                                            : over_the_limits();
      frames.clear();
      if (message) {
        on_message(std::move(*message));
      } else {
        ++counters.bad_messages;
      }
    }
  }

  // Not disconnect() and connect(): that ends the old connection in its own
  // time, and meanwhile it is given what is sent.
  void reconnect() {
    outbox.clear();
    if (cut == wire::Cut::no) return;
    try {
      auto next = make_dealer(context, address, options,
                              socket.get(zmq::sockopt::routing_id));
      socket.set(zmq::sockopt::linger, 0);
      socket = std::move(next);
    } catch (const Failure&) {
      // No descriptor is left: the old one may do.
    } catch (const zmq::error_t&) {
      // The context ends.
    }
  }

  bool try_send(std::span<const Blob> out) {
    if (send_frames(socket, out) != Sent::done) return false;
    count_sent(counters, out);
    return true;
  }

  void flush() override {
    while (!outbox.empty() && try_send(outbox.front())) outbox.pop_front();
  }

  SendResult send(const wire::Message& message) {
    auto out = wire::to_frames(message, cut);
    if (out && outbox.empty() && try_send(*out)) return SendResult::taken;
    if (out && outbox.size() < options.outbox_max) {
      outbox.push_back(std::move(*out));
      return SendResult::taken;
    }
    ++counters.unsent_messages;
    return out ? SendResult::no_room : unsent(out.error());
  }

  void close() {
    closed = true;
    reactor.remove(this);
    outbox.clear();
    socket.close();
  }

  Reactor& reactor;
  Context& context;
  const std::string address;
  const SocketOptions options;
  zmq::socket_t socket;
  Handler on_message;
  const wire::Cut cut;
  std::deque<std::vector<Blob>> outbox;
  Counters counters;
  bool closed = false;
  std::vector<Blob> frames;  // of the message at hand
};

DealerSocket::DealerSocket(Reactor& reactor, Context& context,
                           const std::string& address, Handler on_message,
                           SocketOptions options)
    : impl_(std::make_shared<Impl>(reactor, context, address,
                                   std::move(on_message), options)) {
  reactor.add(impl_);
}

DealerSocket::~DealerSocket() { impl_->close(); }

SendResult DealerSocket::send(const wire::Message& message) {
  return impl_->send(message);
}

void DealerSocket::clear() { impl_->outbox.clear(); }

void DealerSocket::reconnect() { impl_->reconnect(); }

std::size_t DealerSocket::waiting() const { return impl_->outbox.size(); }

const std::string& DealerSocket::address() const { return impl_->address; }

const Counters& DealerSocket::counters() const { return impl_->counters; }

}  // namespace psmith::net
