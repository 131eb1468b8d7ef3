#include "net/transport.h"

#include <catch2/catch.hpp>

#include "tests/net/pair.h"
#include "wire/limits.h"

namespace psmith::net {
namespace {

TEST_CASE("blobs are cut where they leave the process", "[net]") {
  REQUIRE(cut_of("inproc://name") == wire::Cut::no);
  REQUIRE(cut_of("tcp://127.0.0.1:1") == wire::Cut::yes);
  REQUIRE(cut_of("ipc:///name") == wire::Cut::yes);
}

TEST_CASE("every socket has a routing id of its own", "[net]") {
  Context context;
  const auto id_of = [&] {
    return make_dealer(context, "inproc://name", {})
        .get(zmq::sockopt::routing_id);
  };
  const auto first = id_of();
  REQUIRE(first.size() == 17);
  REQUIRE(first != id_of());
}

TEST_CASE("only loopback has a send buffer that does not grow", "[net]") {
  Context context;
  const auto size_of = [&](const std::string& peer) {
    return make_dealer(context, peer, {}).get(zmq::sockopt::sndbuf);
  };
  REQUIRE(size_of("tcp://127.0.0.1:1") == 212992);
  REQUIRE(size_of("tcp://[::1]:1") == 212992);
  REQUIRE(size_of("tcp://192.0.2.1:1") == -1);
  auto router = make_socket(context, zmq::socket_type::router, {});
  const auto listening = [&](const std::string& address) {
    set_send_buffer(router, parse_address(address).value(2));
    return router.get(zmq::sockopt::sndbuf);
  };
  REQUIRE(listening("tcp://127.0.0.1:0") == 212992);
  REQUIRE(listening("tcp://*:0") == -1);
}

TEST_CASE("large blobs arrive whole", "[net]") {
  const EachTransport each;
  for (const auto& address : each.addresses) {
    CAPTURE(address);
    Pair pair(address);
    const Message message{Ask{},
                          {numbered(5 * wire::kMiB + 3), Blob(), numbered(1),
                           numbered(wire::kMiB)}};
    REQUIRE(took(pair.dealer->send(message)));
    REQUIRE(until(pair.reactor, [&] { return !pair.asked.empty(); }));
    const auto& blobs = pair.asked[0].blobs;
    REQUIRE(blobs.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
      REQUIRE(same_bytes(blobs[i], message.blobs[i]));
    }
  }
}

TEST_CASE("a blob within the process is never copied", "[net]") {
  Pair pair("inproc://name");
  std::weak_ptr<const void> alive;
  {
    const auto blob = numbered(3 * wire::kMiB);
    alive = blob.owner();
    REQUIRE(took(pair.dealer->send({Ask{}, {blob}})));
    REQUIRE(until(pair.reactor, [&] { return !pair.asked.empty(); }));
    REQUIRE(pair.asked[0].blobs.at(0).bytes().data() == blob.bytes().data());
  }
  REQUIRE_FALSE(alive.expired());
  pair.asked.clear();
  REQUIRE(alive.expired());
}

// Over inproc the frames are one memory, so 4 GiB of them cost nothing.
TEST_CASE("a multipart over the limit is not kept, but answered", "[net]") {
  Pair pair("inproc://name");
  auto stranger = make_dealer(pair.context, pair.endpoint, {});
  const auto mib = numbered(wire::kMiB);
  const auto count = static_cast<std::size_t>(
      (wire::kMessageBytesMax + wire::kHeaderBytesMax) / wire::kMiB);
  auto good = wire::to_frames(ask(1), wire::Cut::no).value(1);
  const std::vector<Blob> bytes(count + 1, mib);
  const std::vector<Blob> frames(wire::kFrameCountMax + 1, numbered(1));
  for (const auto& bad : {bytes, frames}) {
    REQUIRE(send_frames(stranger, bad) == Sent::done);
    REQUIRE(send_frames(stranger, good) == Sent::done);
  }
  REQUIRE(until(pair.reactor, [&] { return pair.asked.size() == 2; }));
  REQUIRE(pair.router.counters().bad_messages == 2);
  REQUIRE(pair.router.counters().received_bytes < 1000);
  std::vector<Blob> answer;
  REQUIRE(receive_frames(stranger, answer) == Received::whole);
  auto refused = wire::from_frames(answer);
  REQUIRE(refused);
  REQUIRE(std::get<wire::Refused>(refused->body).code == "bad_message");

  // The largest that is kept.
  std::vector<Blob> kept(count, mib);
  REQUIRE(send_frames(stranger, kept) == Sent::done);
  REQUIRE(until(pair.reactor, [&] {
    return pair.router.counters().received_bytes > wire::kMessageBytesMax;
  }));
}

}  // namespace
}  // namespace psmith::net
