#include "net/address.h"

#include <catch2/catch.hpp>

#include "net/context.h"
#include "net/reactor.h"
#include "net/socket.h"
#include "tests/net/until.h"

namespace psmith::net {
namespace {

using std::chrono::seconds;

TEST_CASE("well-formed addresses are read and written alike", "[net]") {
  for (const auto* text :
       {"tcp://10.0.0.1:7700", "tcp://a-b.example:0", "tcp://[::1]:80",
        "tcp://*:65535", "ipc:///tmp/x y", "inproc://name"}) {
    CAPTURE(text);
    auto address = parse_address(text);
    REQUIRE(address);
    REQUIRE(address->text() == text);
  }
  auto address = parse_address("tcp://h:7700");
  REQUIRE(address->host == "h");
  REQUIRE(address->port == 7700);
}

TEST_CASE("malformed addresses are refused with the reason", "[net]") {
  const std::string long_name(300, 'x');
  for (const auto& text : {std::string(""),
                           std::string("h:7700"),
                           std::string("tcp://"),
                           std::string("tcp://h"),
                           std::string("tcp://h:"),
                           std::string("tcp://:7700"),
                           std::string("tcp://h:65536"),
                           std::string("tcp://h:7x"),
                           std::string("tcp://h:-1"),
                           std::string("tcp://h o:1"),
                           std::string("tcp://h/a:1"),
                           std::string("tcp://::1:80"),
                           std::string("tcp://[::g]:80"),
                           std::string("tcp://[]:80"),
                           std::string("udp://h:1"),
                           std::string("ipc://"),
                           "ipc:///" + long_name,
                           "inproc://" + long_name,
                           "tcp://" + long_name + ":1",
                           std::string("ipc://a\0b", 9)}) {
    CAPTURE(text);
    auto address = parse_address(text);
    REQUIRE_FALSE(address);
    REQUIRE(address.error().code == Code::invalid);
    REQUIRE(address.error().message.starts_with("bad address '"));
  }
}

TEST_CASE("a peer's address is no wildcard and has a port", "[net]") {
  REQUIRE_FALSE(parse_peer_address("tcp://*:7700"));
  REQUIRE_FALSE(parse_peer_address("tcp://0.0.0.0:7700"));
  REQUIRE_FALSE(parse_peer_address("tcp://[::]:7700"));
  REQUIRE_FALSE(parse_peer_address("tcp://h:0"));
  REQUIRE(parse_peer_address("tcp://h:1"));
  REQUIRE(parse_peer_address("inproc://x"));
}

TEST_CASE("loopback is what no other machine can reach", "[net]") {
  for (const auto* text :
       {"tcp://127.0.0.1:1", "tcp://127.9.9.9:0", "tcp://localhost:1",
        "tcp://[::1]:1", "ipc:///x", "inproc://x"}) {
    CAPTURE(text);
    REQUIRE(is_loopback(text));
  }
  for (const auto* text :
       {"tcp://0.0.0.0:1", "tcp://*:1", "tcp://10.0.0.1:1", "tcp://[::]:1",
        "tcp://127.0.0.1.example:1", "nonsense"}) {
    CAPTURE(text);
    REQUIRE_FALSE(is_loopback(text));
  }
}

TEST_CASE("the interface towards loopback is loopback", "[net]") {
  auto host = interface_towards("tcp://127.0.0.1:7700");
  REQUIRE(host);
  REQUIRE(*host == "127.0.0.1");
  REQUIRE(*interface_towards("inproc://x") == "127.0.0.1");
  REQUIRE_FALSE(interface_towards("tcp://127.0.0.1:0"));
}

TEST_CASE("a name is reached over IPv4 where it can be", "[net]") {
  const auto over = [](const std::string& host) {
    return over_ipv6(*parse_address("tcp://" + host + ":1"));
  };
  REQUIRE_FALSE(over("localhost"));
  REQUIRE_FALSE(over("127.0.0.1"));
  REQUIRE_FALSE(over("no-such-host.invalid"));
  REQUIRE_FALSE(over("*"));
  REQUIRE(over("[::1]"));
  // Debian's /etc/hosts has this name for ::1 alone; not every machine does.
  auto address = *parse_address("tcp://ip6-localhost:0");
  if (!over("ip6-localhost")) return;
  REQUIRE(*numeric_host(address) == "::1");
  Context context;
  Reactor reactor;
  int count = 0;
  RouterSocket router(reactor, context,
                      [&](PeerId, const wire::Message&) { ++count; });
  address.port = parse_address(*router.bind(address.text()))->port;
  DealerSocket dealer(reactor, context, address.text(),
                      [](const wire::Message&) {});
  dealer.send({wire::Ask{}, {}});
  REQUIRE(until(reactor, [&] { return count == 1; }));
}

TEST_CASE("a probe says why nobody answers", "[net]") {
  // Port 1 (tcpmux) of loopback: nobody listens there without privilege.
  REQUIRE(probe(*parse_address("tcp://127.0.0.1:1"), seconds(1)) == "refused");
  REQUIRE(probe(*parse_address("tcp://no-such-host.invalid:1"), seconds(1)) ==
          "no such host");
  REQUIRE(probe(*parse_address("ipc:///no/such/file"), seconds(1)) ==
          "no such file");
}

}  // namespace
}  // namespace psmith::net
