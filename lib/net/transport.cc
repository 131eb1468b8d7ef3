#include "net/transport.h"

#include <atomic>
#include <cstring>
#include <memory>
#include <new>
#include <random>
#include <utility>

#include "base/format.h"
#include "wire/limits.h"

namespace psmith::net {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr milliseconds kHandshake(5000);
// Silence on a connection, tries and the time between them (seconds): the
// kernel finds cut cables within 25 s. Not ZMTP heartbeats: their timer makes
// libzmq 4.3.4 abort when a peer resets a connection whose queue here is full
// (stream_engine_base.cpp, 331). Hung peers are found by our own heartbeats.
constexpr int kIdle = 10, kProbes = 3, kProbeEvery = 5;
constexpr int kAsTheSystemHasIt = -1;
// A blob this small is cheaper to copy than to share.
constexpr std::size_t kCopyMax = 512;
// What is kept of a multipart: a routing id, a header, the blobs.
constexpr std::uint64_t kKeptBytesMax =
    255 + wire::kHeaderBytesMax + wire::kMessageBytesMax;
constexpr std::size_t kKeptFramesMax = 1 + wire::kFrameCountMax;

int ms(Duration d) {
  return static_cast<int>(duration_cast<milliseconds>(d).count());
}

// libzmq is not instrumented, so a race detector does not see that it orders
// what both sides do with a message's memory. In other builds: nothing.
void order() {
#ifdef __SANITIZE_THREAD__
  static std::atomic<unsigned> turns{0};
  turns.fetch_add(1, std::memory_order_acq_rel);
#endif
}

using Owner = std::shared_ptr<const void>;

void release(void*, void* hint) {
  order();
  const std::unique_ptr<Owner> owner(static_cast<Owner*>(hint));
}

zmq::message_t message_of(const Blob& blob) {
  const auto bytes = blob.bytes();
  if (bytes.size() <= kCopyMax || !blob.owner()) {
    zmq::message_t copy(bytes.data(), bytes.size());
    order();
    return copy;
  }
  auto owner = std::make_unique<Owner>(blob.owner());
  // libzmq only reads it: a frame is never changed once it is sent.
  auto* data = const_cast<std::byte*>(bytes.data());
  zmq::message_t message(data, bytes.size(), release, owner.get());
  (void)owner.release();
  order();
  return message;
}

Blob blob_of(zmq::message_t message) {
  const auto owner = std::make_shared<const zmq::message_t>(std::move(message));
  const auto* data = static_cast<const std::byte*>(owner->data());
  return Blob(owner, {data, owner->size()});
}

// False: no memory for it.
bool keep(std::vector<Blob>& frames, zmq::message_t& message) {
  try {
    frames.push_back(blob_of(std::move(message)));
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

zmq::send_flags flags(bool more) {
  return more ? zmq::send_flags::dontwait | zmq::send_flags::sndmore
              : zmq::send_flags::dontwait;
}

std::string fresh_routing_id() {
  std::random_device device;
  std::string id("p");  // ids that start with 0 are libzmq's
  for (int i = 0; i < 4; ++i) {
    const auto word = static_cast<std::uint32_t>(device());
    char bytes[sizeof(word)];
    std::memcpy(bytes, &word, sizeof(word));
    id.append(bytes, sizeof(word));
  }
  return id;
}

}  // namespace

zmq::socket_t make_socket(Context& context, zmq::socket_type type,
                          const SocketOptions& options) {
  namespace opt = zmq::sockopt;
  try {
    auto& shared = *static_cast<zmq::context_t*>(context.handle());
    zmq::socket_t socket(shared, type);
    socket.set(opt::linger, ms(options.linger));
    socket.set(opt::sndhwm, options.queue_max);
    socket.set(opt::rcvhwm, options.queue_max);
    socket.set(opt::maxmsgsize, std::int64_t{wire::kHeaderBytesMax});
    socket.set(opt::handshake_ivl, static_cast<int>(kHandshake.count()));
    socket.set(opt::tcp_keepalive, 1);
    socket.set(opt::tcp_keepalive_idle, kIdle);
    socket.set(opt::tcp_keepalive_cnt, kProbes);
    socket.set(opt::tcp_keepalive_intvl, kProbeEvery);
    if (type == zmq::socket_type::router) {
      socket.set(opt::router_mandatory, true);
      socket.set(opt::router_handover, true);
      // Turns away peers of ZMTP 1 and 2: libzmq 4.3.4 aborts when one of them
      // introduces itself while its socket closes (zmtp_engine.cpp, 446). It
      // asks no handler for leave, as there is none.
      socket.set(opt::zap_domain, "psmith");
    } else {
      socket.set(opt::routing_id, fresh_routing_id());
      socket.set(opt::immediate, true);
      socket.set(opt::connect_timeout, static_cast<int>(kHandshake.count()));
      socket.set(opt::reconnect_ivl, ms(options.reconnect_min));
      socket.set(opt::reconnect_ivl_max, ms(options.reconnect_max));
    }
    return socket;
  } catch (const zmq::error_t& e) {
    throw Failure(70,
                  error(Code::exhausted, "cannot make a socket: {}", e.what()));
  }
}

void set_send_buffer(zmq::socket_t& socket, const Address& address) {
  socket.set(zmq::sockopt::sndbuf,
             is_loopback(address) ? kLoopbackSendBytes : kAsTheSystemHasIt);
}

zmq::socket_t make_dealer(Context& context, const std::string& address,
                          const SocketOptions& options,
                          const std::string& routing_id) {
  const auto parsed = parse_peer_address(address).value(2);
  auto socket = make_socket(context, zmq::socket_type::dealer, options);
  try {
    set_send_buffer(socket, parsed);
    if (!routing_id.empty()) {
      socket.set(zmq::sockopt::routing_id, routing_id);
    }
    if (over_ipv6(parsed)) socket.set(zmq::sockopt::ipv6, true);
    socket.connect(parsed.text());
  } catch (const zmq::error_t& e) {
    throw Failure(2, error(Code::invalid, "cannot connect to {} ({})", address,
                           e.what()));
  }
  return socket;
}

wire::Cut cut_of(std::string_view address) {
  return address.starts_with("inproc:") ? wire::Cut::no : wire::Cut::yes;
}

// After a first part that was taken, the others cannot fail for want of room;
// if the peer vanishes between them, libzmq drops the message whole, as long as
// it is given the rest.
Sent send_frames(zmq::socket_t& socket, std::span<const Blob> frames,
                 const std::string_view* routing_id) {
  bool begun = false;
  const auto put = [&](zmq::message_t message, bool more) {
    const auto sent = socket.send(message, flags(more));
    begun = begun || sent.has_value();
    return begun;
  };
  try {
    if (routing_id && !put({routing_id->data(), routing_id->size()}, true)) {
      return Sent::full;
    }
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const bool more = i + 1 < frames.size();
      if (!put(message_of(frames[i]), more)) return Sent::full;
    }
    return Sent::done;
  } catch (const zmq::error_t&) {
    return Sent::gone;  // no such peer; or the context ends
  }
}

// A multipart is read to its end whatever happens: half of one would be taken
// for the start of the next.
Received receive_frames(zmq::socket_t& socket, std::vector<Blob>& frames) {
  frames.clear();
  std::uint64_t bytes = 0;
  bool whole = true;
  try {
    bool more = true;
    while (more) {
      zmq::message_t message;
      if (!socket.recv(message, zmq::recv_flags::dontwait)) {
        return Received::nothing;
      }
      more = message.more();
      bytes += message.size();
      whole = whole && bytes <= kKeptBytesMax &&
              frames.size() < kKeptFramesMax && keep(frames, message);
      if (!whole && frames.size() > 1) frames.resize(1);
    }
    order();
    return whole ? Received::whole : Received::dropped;
  } catch (const zmq::error_t&) {
    return Received::nothing;
  }
}

Result<wire::Message> over_the_limits() {
  return error(Code::corrupt,
               "a message of more than {} bytes or {} frames, or no memory "
               "for it",
               wire::kMessageBytesMax, wire::kFrameCountMax);
}

std::uint64_t bytes_of(std::span<const Blob> frames) {
  std::uint64_t bytes = 0;
  for (const auto& frame : frames) bytes += frame.size();
  return bytes;
}

}  // namespace psmith::net
