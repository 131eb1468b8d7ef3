#include "net/context.h"

#include <catch2/catch.hpp>
#include <optional>
#include <thread>

#include "tests/net/pair.h"

namespace psmith::net {
namespace {

TEST_CASE("threads talk through one context", "[net]") {
  Context context;
  Reactor lane;
  RouterSocket router(lane, context, [&](PeerId peer, Message message) {
    auto blob = message.blobs.at(0);
    router.send(peer, pending(seq_of(message), std::move(blob)));
  });
  const auto endpoint = router.bind("inproc://lane").value(1);
  std::jthread thread([&] { lane.run(); });
  {
    Reactor reactor;
    std::uint64_t count = 0;
    std::optional<DealerSocket> dealer;
    const auto next = [&] {
      dealer->send(ask(count, {numbered(1000 + count)}));
    };
    dealer.emplace(reactor, context, endpoint, [&](Message message) {
      REQUIRE(std::get<Pending>(message.body).seq == count);
      REQUIRE(same_bytes(message.blobs.at(0), numbered(1000 + count)));
      ++count;
      next();
    });
    next();
    REQUIRE(until(reactor, [&] { return count >= 500; }));
  }
  lane.stop();
}

TEST_CASE("names of one context are not those of another", "[net]") {
  Context one, other;
  Reactor reactor;
  RouterSocket first(reactor, one, [](PeerId, Message) {});
  RouterSocket second(reactor, other, [](PeerId, Message) {});
  RouterSocket third(reactor, one, [](PeerId, Message) {});
  REQUIRE(first.bind("inproc://name"));
  REQUIRE(second.bind("inproc://name"));
  REQUIRE_FALSE(third.bind("inproc://name"));
}

}  // namespace
}  // namespace psmith::net
