// Between blobs and libzmq's messages: one multipart in or out, never waiting.
// For this module only: it is the one header that shows libzmq. A socket's
// thread.
#pragma once

#include <span>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "base/bytes.h"
#include "net/address.h"
#include "net/context.h"
#include "net/socket.h"
#include "wire/frames.h"

namespace psmith::net {

// A socket with the options that all sockets have. Throws Failure (70).
zmq::socket_t make_socket(Context& context, zmq::socket_type type,
                          const SocketOptions& options);
// Before it listens at, or connects to, `address`: a small send buffer if that
// is this machine, else the system's.
void set_send_buffer(zmq::socket_t& socket, const Address& address);
// A DEALER that connects to `address`, with this routing id or, if it is empty,
// one of its own. Throws Failure (2) if the address is malformed.
zmq::socket_t make_dealer(Context& context, const std::string& address,
                          const SocketOptions& options,
                          const std::string& routing_id = {});

// Blobs stay whole in memory.
wire::Cut cut_of(std::string_view address);

enum class Sent { done, full, gone };

// All frames or none. routing_id: routers only. After `done` the peer may
// still vanish. The frames' owners live until libzmq has sent them.
Sent send_frames(zmq::socket_t& socket, std::span<const Blob> frames,
                 const std::string_view* routing_id = nullptr);

enum class Received {
  nothing,
  whole,
  dropped,  // over the wire's limits, or no memory for it
};

// The next multipart, if one is there. Of a dropped one the first frame is
// kept, where there was memory for it: to a router, it is the routing id.
Received receive_frames(zmq::socket_t& socket, std::vector<Blob>& frames);

// What a dropped message is refused with.
Result<wire::Message> over_the_limits();

std::uint64_t bytes_of(std::span<const Blob> frames);

}  // namespace psmith::net
