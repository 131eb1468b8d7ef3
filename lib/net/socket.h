// RouterSocket and DealerSocket: wire::Message in, wire::Message out.
//
// A node listens on one RouterSocket and has one DealerSocket per peer that it
// calls. Sending never blocks. A message that send() took may still be lost
// (the peer dies): whoever needs it delivered has an answer, a retry and a
// number that makes the retry harmless.
//
// Blobs leave without a copy: the message shares their owner until libzmq has
// sent them. Received blobs own their frame. Over inproc:// both are the same
// memory. Elsewhere, blobs travel in frames of at most 1 MiB.
//
// A bad message is counted and dropped; a RouterSocket answers it with Refused
// {bad_message}, {wire_version} or {busy} (no memory). A DealerSocket never
// answers by itself.
//
// Used from the reactor's thread only. Reactor and Context outlive the socket.
// A handler may destroy the socket that called it. Constructors throw Failure
// (70) when the process has no descriptors left.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "wire/message.h"

namespace psmith::net {

class Context;
class Reactor;

// The send buffer of a connection over loopback. Linux lets one grow to
// megabytes: on the way to another machine that pays; on loopback the copies in
// it no longer fit a cache, and a message takes half as long again. This is
// what Linux lets a process ask for unless it is set up otherwise
// (net.core.wmem_max); it gives twice that.
inline constexpr int kLoopbackSendBytes = 212992;

struct SocketOptions {
  // How long closing may take to deliver what was sent.
  Duration linger = std::chrono::seconds(1);
  int queue_max = 256;  // whole messages, per peer and direction
  // Dealer: messages kept while the peer has no room or is not connected.
  std::size_t outbox_max = 64;
  Duration reconnect_min = std::chrono::milliseconds(10);
  Duration reconnect_max = std::chrono::seconds(1);
  std::size_t peer_max = 16384;  // router: peers remembered, least recent out
};

// Since the socket was made. Bytes: of frames as given to libzmq (header and
// blobs), without its framing.
struct Counters {
  std::uint64_t sent_messages = 0, sent_bytes = 0;
  std::uint64_t received_messages = 0, received_bytes = 0;
  std::uint64_t bad_messages = 0;     // received, undecodable
  std::uint64_t unsent_messages = 0;  // send() did not take them
};

// What became of a message that was given to send().
enum class SendResult : std::uint8_t {
  taken,
  no_room,    // now; the peer is gone, or its queue is full
  too_large,  // over the wire's limits: sending it again is no use
};

class RouterSocket {
 public:
  using Handler = std::function<void(PeerId, wire::Message)>;

  RouterSocket(Reactor& reactor, Context& context, Handler on_message,
               SocketOptions options = {});
  ~RouterSocket();
  RouterSocket(const RouterSocket&) = delete;
  RouterSocket& operator=(const RouterSocket&) = delete;

  // Listens; may be called for several addresses. Returns the endpoint that
  // others connect to, with the port that was chosen if it was 0 (the host of
  // tcp://*:0 is 0.0.0.0: see address.h). Errors: conflict (address in use),
  // invalid (malformed; no such interface), unavailable (anything else).
  Result<std::string> bind(const std::string& address);

  SendResult send(PeerId peer, const wire::Message& message);

  std::size_t peer_count() const;
  const Counters& counters() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

class DealerSocket {
 public:
  using Handler = std::function<void(wire::Message)>;

  // Connects, and goes on connecting whenever the peer is gone. Throws
  // Failure (2) if the address is malformed.
  DealerSocket(Reactor& reactor, Context& context, const std::string& address,
               Handler on_message, SocketOptions options = {});
  ~DealerSocket();
  DealerSocket(const DealerSocket&) = delete;
  DealerSocket& operator=(const DealerSocket&) = delete;

  // Sends in order, at once or as soon as the peer is connected and has room.
  // no_room: outbox_max messages wait already.
  SendResult send(const wire::Message& message);

  // Forgets the messages that wait for room.
  void clear();

  // clear(), and goes on by a new connection, under the same routing id: TCP
  // tries one that was cut for long once in minutes. What is under way on the
  // old one may be lost. Over inproc:// there is nothing to renew.
  void reconnect();

  std::size_t waiting() const;  // messages that wait for room
  const std::string& address() const;
  const Counters& counters() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace psmith::net
