// Addresses: one that is taken is the same when it is written and read again.
//
// Input: the text of an address.
#include "input.h"
#include "net/address.h"

namespace psmith::fuzz {
namespace {

using net::Address;
using net::Transport;

void run(Taker input) {
  const auto text = input.rest();
  auto address = net::parse_address(text);
  auto peer = net::parse_peer_address(text);
  if (!address) {
    PSM_CHECK(address.error().code == Code::invalid, "a refusal");
    PSM_CHECK(!peer && !net::is_loopback(text) && !net::is_wildcard(text),
              "nothing is known of what is no address");
    return;
  }
  const auto written = address->text();
  auto again = net::parse_address(written);
  PSM_CHECK(again.ok(), "an address read again");
  PSM_CHECK(again->transport == address->transport &&
                again->host == address->host && again->port == address->port &&
                again->path == address->path,
            "the same address");
  PSM_CHECK(again->text() == written, "the same text");
  PSM_CHECK(net::is_loopback(written) == net::is_loopback(text) &&
                net::is_wildcard(written) == net::is_wildcard(text),
            "the same is known of it");
  if (address->transport != Transport::tcp) {
    PSM_CHECK(!address->path.empty() && peer.ok(), "a path or a name");
    PSM_CHECK(net::is_loopback(text), "nobody else reaches it");
    return;
  }
  PSM_CHECK(!address->host.empty(), "a host");
  const bool reachable = address->port != 0 && !net::is_wildcard(text);
  PSM_CHECK(peer.ok() == reachable, "a peer can be reached");
}

}  // namespace
}  // namespace psmith::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  psmith::fuzz::run({data, size});
  return 0;
}
