// A router and a dealer on one reactor, and messages for them.
#pragma once

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "net/context.h"
#include "net/reactor.h"
#include "net/socket.h"
#include "tests/net/until.h"
#include "tests/support/temp_dir.h"

namespace psmith::net {

using wire::Ask;
using wire::Message;
using wire::Pending;

inline Message ask(std::uint64_t seq, std::vector<Blob> blobs = {}) {
  Ask body;
  body.seq = seq;
  return {body, std::move(blobs)};
}
inline Message pending(std::uint64_t seq, Blob blob) {
  Pending body;
  body.seq = seq;
  return {body, {std::move(blob)}};
}
inline std::uint64_t seq_of(const Message& message) {
  return std::get<Ask>(message.body).seq;
}

inline bool took(SendResult result) { return result == SendResult::taken; }

inline Blob numbered(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  return Blob::of(std::move(bytes));
}

inline bool same_bytes(const Blob& a, const Blob& b) {
  return std::equal(a.bytes().begin(), a.bytes().end(), b.bytes().begin(),
                    b.bytes().end());
}

// A router and a dealer on one reactor; what each has received.
struct Pair {
  explicit Pair(const std::string& address, SocketOptions options = {})
      : router(
            reactor, context,
            [this](PeerId from, Message message) {
              peer = from;
              asked.push_back(std::move(message));
            },
            options),
        endpoint(router.bind(address).value(1)),
        dealer(std::make_unique<DealerSocket>(
            reactor, context, endpoint,
            [this](Message message) { answered.push_back(std::move(message)); },
            options)) {}

  bool meet() {
    dealer->send(ask(0));
    const bool met = until(reactor, [&] { return !asked.empty(); });
    asked.clear();
    return met;
  }

  Context context;
  Reactor reactor;
  PeerId peer;
  std::vector<Message> asked, answered;
  RouterSocket router;
  std::string endpoint;
  std::unique_ptr<DealerSocket> dealer;
};

struct EachTransport {
  support::TempDir folder;
  std::vector<std::string> addresses{"tcp://127.0.0.1:0",
                                     "ipc://" + (folder / "socket").string(),
                                     "inproc://name"};
};

}  // namespace psmith::net
