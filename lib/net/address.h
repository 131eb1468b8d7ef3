// Addresses: tcp://host:port, tcp://[v6]:port, tcp://*:port (listening only),
// ipc:///path, inproc://name. Pure but for those that ask the system; those
// may take as long as a name lookup. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace psmith::net {

enum class Transport { tcp, ipc, inproc };

struct Address {
  Transport transport = Transport::tcp;
  std::string host;        // tcp; without brackets
  std::uint16_t port = 0;  // tcp; 0: any free one
  std::string path;        // ipc: file; inproc: name

  std::string text() const;  // "tcp://host:port"
};

// Error (invalid): what is wrong with it, and what it should look like.
Result<Address> parse_address(std::string_view text);
// The same for an address to connect to: no wildcard, no port 0.
Result<Address> parse_peer_address(std::string_view text);

bool is_ipv6(const Address& address);  // written as a v6 number
// Reached over IPv6: a v6 number, or a name that has no v4 one. Looks names up.
bool over_ipv6(const Address& address);

// True when no other machine can reach it: 127.0.0.0/8, ::1, localhost, ipc,
// inproc. A malformed address is not.
bool is_loopback(std::string_view address);
bool is_loopback(const Address& address);

// True for the hosts *, 0.0.0.0 and ::, which others cannot connect to.
bool is_wildcard(std::string_view address);

// The host of this machine's interface that reaches `peer`: what a node
// listens on. Loopback for ipc and inproc. Error (unavailable): no route.
Result<std::string> interface_towards(std::string_view peer);

// The host as a number, which is what a socket listens on; "*" stays. Error
// (invalid): no such host.
Result<std::string> numeric_host(const Address& address);

// Why nobody answers there, in a word or three: "refused", "host unreachable",
// "no such host", "timed out", ...; empty when a connection can be opened.
std::string probe(const Address& address, Duration timeout);

}  // namespace psmith::net
