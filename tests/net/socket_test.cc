#include "net/socket.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <memory>

#include "base/rng.h"
#include "net/address.h"
#include "net/transport.h"
#include "tests/net/pair.h"
#include "tests/net/relay.h"
#include "tests/net/strangers.h"
#include "wire/frames.h"
#include "wire/limits.h"

namespace psmith::net {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

TEST_CASE("messages arrive in order and are answered", "[net]") {
  const EachTransport each;
  for (const auto& address : each.addresses) {
    CAPTURE(address);
    Pair pair(address);
    std::uint64_t sent = 0;
    constexpr std::uint64_t kCount = 3000;
    REQUIRE(until(pair.reactor, [&] {
      while (sent < kCount && took(pair.dealer->send(ask(sent)))) ++sent;
      return pair.asked.size() == kCount;
    }));
    for (std::uint64_t i = 0; i < kCount; ++i) {
      REQUIRE(seq_of(pair.asked[i]) == i);
    }
    REQUIRE(took(pair.router.send(pair.peer, pending(7, numbered(99)))));
    REQUIRE(until(pair.reactor, [&] { return !pair.answered.empty(); }));
    REQUIRE(same_bytes(pair.answered[0].blobs.at(0), numbered(99)));
    REQUIRE(pair.dealer->counters().sent_messages == kCount);
    REQUIRE(pair.router.counters().received_messages == kCount);
    REQUIRE(pair.dealer->counters().sent_bytes ==
            pair.router.counters().received_bytes);
    REQUIRE(pair.router.counters().sent_bytes ==
            pair.dealer->counters().received_bytes);
  }
}

TEST_CASE("a port of 0 is resolved", "[net]") {
  Pair pair("tcp://127.0.0.1:0");
  auto address = parse_address(pair.endpoint);
  REQUIRE(address);
  REQUIRE(address->port != 0);
  Pair named("tcp://localhost:0");
  REQUIRE(named.endpoint.starts_with("tcp://127.0.0.1:"));
}

TEST_CASE("a router does not send to a peer that is gone", "[net]") {
  for (const auto* address : {"tcp://127.0.0.1:0", "inproc://name"}) {
    CAPTURE(address);
    Pair pair(address);
    REQUIRE(pair.meet());
    REQUIRE(pair.router.peer_count() == 1);
    pair.dealer.reset();
    REQUIRE(until(pair.reactor, [&] {
      return pair.router.send(pair.peer, ask(1)) == SendResult::no_room;
    }));
    REQUIRE(pair.router.send(PeerId(77), ask(1)) == SendResult::no_room);
    REQUIRE(pair.router.counters().unsent_messages > 0);
  }
}

// A DEALER by hand, under a routing id that it keeps.
zmq::socket_t named_dealer(Context& context, const std::string& endpoint) {
  auto socket = make_socket(context, zmq::socket_type::dealer, {});
  socket.set(zmq::sockopt::routing_id, "always the same");
  socket.connect(endpoint);
  return socket;
}

TEST_CASE("a peer whose connection was cut keeps its number", "[net]") {
  Context context;
  Reactor reactor;
  std::vector<PeerId> heard;
  RouterSocket router(reactor, context, [&](PeerId from, const Message&) {
    heard.push_back(from);
  });
  const auto endpoint = router.bind("tcp://127.0.0.1:0").value(1);
  auto frames = wire::to_frames(ask(1), wire::Cut::no).value(1);
  {
    auto peer = named_dealer(context, endpoint);
    REQUIRE(until(reactor,
                  [&] { return send_frames(peer, frames) == Sent::done; }));
    REQUIRE(until(reactor, [&] { return heard.size() == 1; }));
  }
  REQUIRE(until(reactor, [&] { return !took(router.send(heard[0], ask(2))); }));
  auto peer = named_dealer(context, endpoint);
  REQUIRE(
      until(reactor, [&] { return send_frames(peer, frames) == Sent::done; }));
  REQUIRE(until(reactor, [&] { return heard.size() == 2; }));
  REQUIRE(heard[1] == heard[0]);
  REQUIRE(took(router.send(heard[0], ask(3))));
}

TEST_CASE("a message over the wire's limits is told from a full queue",
          "[net]") {
  Pair pair("inproc://name");
  REQUIRE(pair.meet());
  const auto block = std::make_shared<const std::byte>();
  const Blob huge(block, {block.get(), wire::kMessageBytesMax + 1});
  REQUIRE(pair.dealer->send(ask(1, {huge})) == SendResult::too_large);
  REQUIRE(pair.router.send(pair.peer, ask(1, {huge})) == SendResult::too_large);
  REQUIRE(pair.dealer->counters().unsent_messages == 1);
  REQUIRE(pair.router.counters().unsent_messages == 1);
}

TEST_CASE("a dealer finds a router that comes back on its port", "[net]") {
  Context context;
  Reactor reactor;
  int count = 0;
  const auto handler = [&](PeerId, Message) { ++count; };
  auto router = std::make_unique<RouterSocket>(reactor, context, handler);
  const auto endpoint = router->bind("tcp://127.0.0.1:0").value(1);
  DealerSocket dealer(reactor, context, endpoint, [](Message) {});
  dealer.send(ask(1));
  REQUIRE(until(reactor, [&] { return count == 1; }));
  router = std::make_unique<RouterSocket>(reactor, context, handler);
  REQUIRE(until(reactor, [&] { return router->bind(endpoint).ok(); }));
  // What was sent into the dead connection is lost; a resend is not.
  REQUIRE(until(reactor, [&] {
    dealer.send(ask(2));
    return count > 1;
  }));
}

TEST_CASE("a dealer goes on by another connection under the same number",
          "[net]") {
  const EachTransport each;
  for (const auto& address : each.addresses) {
    CAPTURE(address);
    Pair pair(address);
    REQUIRE(pair.meet());
    const auto number = pair.peer;
    for (std::uint64_t i = 1; i < 20; ++i) {
      pair.dealer->reconnect();
      REQUIRE(took(pair.dealer->send(ask(i))));
      REQUIRE(until(pair.reactor, [&] { return pair.asked.size() == i; }));
      REQUIRE(pair.peer == number);
      REQUIRE(took(pair.router.send(pair.peer, pending(i, numbered(9)))));
      REQUIRE(until(pair.reactor, [&] { return pair.answered.size() == i; }));
    }
    REQUIRE(pair.router.peer_count() == 1);
  }
}

TEST_CASE("another connection gets through where one does not", "[net]") {
  Pair pair("tcp://127.0.0.1:0");
  Relay relay(pair.endpoint);
  DealerSocket dealer(pair.reactor, pair.context, relay.endpoint(),
                      [](const Message&) {});
  REQUIRE(took(dealer.send(ask(1))));
  REQUIRE(until(pair.reactor, [&] { return pair.asked.size() == 1; }));
  relay.deafen();
  REQUIRE(took(dealer.send(ask(2))));  // it is lost
  dealer.reconnect();
  REQUIRE(took(dealer.send(ask(3))));
  REQUIRE(until(pair.reactor, [&] { return pair.asked.size() == 2; }));
  REQUIRE(seq_of(pair.asked[1]) == 3);
  REQUIRE(relay.accepted() == 2);
}

TEST_CASE("messages to a peer that is not there yet wait, up to a limit",
          "[net]") {
  Context context;
  Reactor reactor;
  std::string endpoint;
  {
    RouterSocket router(reactor, context, [](PeerId, Message) {});
    endpoint = router.bind("tcp://127.0.0.1:0").value(1);
  }
  // libzmq stops listening a moment after its socket is closed.
  const auto address = parse_address(endpoint).value(1);
  REQUIRE(until(reactor, [&] { return !probe(address, 1s).empty(); }));
  DealerSocket dealer(reactor, context, endpoint, [](Message) {},
                      {.outbox_max = 5});
  for (std::uint64_t i = 0; i < 5; ++i) REQUIRE(took(dealer.send(ask(i))));
  REQUIRE(dealer.send(ask(5)) == SendResult::no_room);
  REQUIRE(dealer.waiting() == 5);
  REQUIRE(dealer.counters().unsent_messages == 1);
  std::vector<std::uint64_t> seen;
  RouterSocket router(reactor, context, [&](PeerId, Message message) {
    seen.push_back(seq_of(message));
  });
  REQUIRE(until(reactor, [&] { return router.bind(endpoint).ok(); }));
  REQUIRE(until(reactor, [&] { return seen.size() == 5; }));
  REQUIRE(seen == std::vector<std::uint64_t>{0, 1, 2, 3, 4});
  REQUIRE(dealer.waiting() == 0);
}

TEST_CASE("a full queue refuses and nothing taken is lost", "[net]") {
  const EachTransport each;
  for (const auto& address : each.addresses) {
    CAPTURE(address);
    Pair pair(address, {.queue_max = 4, .outbox_max = 2});
    REQUIRE(pair.meet());
    const auto blob = numbered(wire::kMiB);
    std::uint64_t taken = 0;
    // Nobody reads: the reactor does not turn.
    while (took(pair.dealer->send(ask(taken, {blob})))) {
      REQUIRE(++taken < 1000);
    }
    REQUIRE(until(pair.reactor, [&] { return pair.asked.size() == taken; }));
    for (std::uint64_t i = 0; i < taken; ++i) {
      REQUIRE(seq_of(pair.asked[i]) == i);
    }
    // And the other way round.
    std::uint64_t given = 0;
    while (took(pair.router.send(pair.peer, ask(given, {blob})))) {
      REQUIRE(++given < 1000);
    }
    REQUIRE(until(pair.reactor, [&] { return pair.answered.size() == given; }));
    REQUIRE(pair.router.peer_count() == 1);
  }
}

TEST_CASE("a busy address is a conflict", "[net]") {
  const EachTransport each;
  for (const auto& address : each.addresses) {
    CAPTURE(address);
    Pair pair(address);
    RouterSocket second(pair.reactor, pair.context, [](PeerId, Message) {});
    auto bound = second.bind(pair.endpoint);
    REQUIRE_FALSE(bound);
    REQUIRE(bound.error().code == Code::conflict);
    REQUIRE(bound.error().message ==
            "cannot listen on " + pair.endpoint + " (address in use)");
  }
}

TEST_CASE("an ipc path that may be in use is left alone", "[net]") {
  const support::TempDir folder;
  Context context;
  Reactor reactor;
  RouterSocket router(reactor, context, [](PeerId, const Message&) {});
  const auto path = (folder / "there").string();
  SECTION("by a listener that is too busy to answer") {
    const Crowded crowded(path);
    REQUIRE_FALSE(router.bind("ipc://" + path));
    REQUIRE(std::filesystem::is_socket(path));
  }
  SECTION("by a file") {
    std::ofstream(path) << "precious";
    auto bound = router.bind("ipc://" + path);
    REQUIRE_FALSE(bound);
    REQUIRE_THAT(bound.error().message, Catch::Contains("no socket"));
    REQUIRE(std::filesystem::file_size(path) == 8);
  }
  SECTION("but not when its process has ended") {
    { const Crowded ended(path); }
    REQUIRE(router.bind("ipc://" + path));
  }
}

TEST_CASE("an address that cannot be listened on is refused", "[net]") {
  Context context;
  Reactor reactor;
  RouterSocket router(reactor, context, [](PeerId, Message) {});
  const auto code_of = [&](const std::string& address) {
    auto bound = router.bind(address);
    REQUIRE_FALSE(bound);
    return bound.error().code;
  };
  REQUIRE(code_of("nonsense") == Code::invalid);
  REQUIRE(code_of("tcp://192.0.2.7:0") == Code::invalid);
  REQUIRE(code_of("tcp://no-such-host.invalid:0") == Code::invalid);
  REQUIRE(code_of("ipc:///no/such/folder/socket") == Code::unavailable);
  REQUIRE_THROWS_AS(DealerSocket(reactor, context, "tcp://h:0", [](Message) {}),
                    Failure);
}

TEST_CASE("a handler may destroy its own socket", "[net]") {
  Pair pair("inproc://name");
  REQUIRE(pair.meet());
  std::unique_ptr<DealerSocket> second;
  int count = 0;
  second = std::make_unique<DealerSocket>(pair.reactor, pair.context,
                                          pair.endpoint, [&](Message) {
                                            ++count;
                                            second.reset();
                                          });
  second->send(ask(1));
  REQUIRE(until(pair.reactor, [&] { return !pair.asked.empty(); }));
  pair.router.send(pair.peer, ask(1));
  pair.router.send(pair.peer, ask(2));
  REQUIRE(until(pair.reactor, [&] { return !second; }));
  pair.reactor.turn(milliseconds(0));
  REQUIRE(count == 1);
}

// ---- bad peers ------------------------------------------------------------

void write_raw(const std::string& endpoint, std::string_view bytes) {
  const RawPeer peer(endpoint, bytes);
}

std::string random_text(std::uint64_t seed, std::size_t size) {
  Rng rng(seed);
  std::string text(size, '\0');
  for (auto& c : text) c = static_cast<char>(rng.below(256));
  return text;
}

TEST_CASE("random bytes at the port leave a router working", "[net]") {
  Pair pair("tcp://127.0.0.1:0", {.linger = milliseconds(0)});
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    write_raw(pair.endpoint, random_text(seed, 10000));
    write_raw(pair.endpoint, random_text(seed, 2));
    pair.reactor.turn(milliseconds(0));
  }
  // A ZMTP 1 peer: an empty identity, then frames of nonsense.
  write_raw(pair.endpoint, std::string("\x01\x00\x04\x00zzz", 7) +
                               std::string("\x03\x00zz", 4));
  write_raw(pair.endpoint, "");
  pair.asked.clear();
  REQUIRE(took(pair.dealer->send(ask(5))));
  REQUIRE(until(pair.reactor, [&] { return !pair.asked.empty(); }));
  REQUIRE(seq_of(pair.asked.back()) == 5);
}

// libzmq 4.3.4 aborts when a router closes while a peer of an old ZMTP
// introduces itself, so such peers are turned away before.
TEST_CASE("a router closes in peace while strangers talk", "[net]") {
  for (int round = 0; round < 20; ++round) {
    Context context;
    Reactor reactor;
    RouterSocket router(reactor, context, [](PeerId, Message) {},
                        {.linger = milliseconds(0)});
    const auto endpoint = router.bind("tcp://127.0.0.1:0").value(1);
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      write_raw(endpoint, random_text(seed, 300));
    }
  }
}

TEST_CASE("a message without sense is counted, answered and dropped", "[net]") {
  Pair pair("tcp://127.0.0.1:0");
  REQUIRE(pair.meet());
  // ZMTP 3.0 by hand: a greeting and READY, each way; then two messages.
  std::string text("\xff\0\0\0\0\0\0\0\x01\x7f\x03", 11);
  text.resize(12);
  text += "NULL";
  text.resize(64);
  text += std::string(
      "\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06"
      "DEALER",
      30);
  RawPeer peer(pair.endpoint, text);
  REQUIRE(peer.hear(64 + 30));
  const auto frame = [](const std::string& body) {
    return std::string(1, '\0') + static_cast<char>(body.size()) + body;
  };
  peer.say(frame("garbage"));
  // Ask of wire version 7.
  peer.say(frame(std::string("\x82\0\x20\x01\x07", 5)));
  REQUIRE(until(pair.reactor,
                [&] { return pair.router.counters().bad_messages == 2; }));
  REQUIRE(pair.router.counters().sent_messages == 2);
  REQUIRE(pair.asked.empty());
  REQUIRE(took(pair.dealer->send(ask(6))));
  REQUIRE(until(pair.reactor, [&] { return pair.asked.size() == 1; }));
}

}  // namespace
}  // namespace psmith::net
