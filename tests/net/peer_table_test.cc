#include "net/peer_table.h"

#include <catch2/catch.hpp>

namespace psmith::net {
namespace {

TEST_CASE("a peer keeps its number while it is remembered", "[net]") {
  PeerTable table(10);
  const auto a = table.heard("a");
  const auto b = table.heard("b");
  REQUIRE(a != b);
  REQUIRE(table.heard("a") == a);
  REQUIRE(table.routing_id(a) == "a");
  REQUIRE(table.routing_id(b) == "b");
}

TEST_CASE("a dropped peer comes back under a new number", "[net]") {
  PeerTable table(1);
  const auto a = table.heard("a");
  const auto b = table.heard("b");
  REQUIRE(table.size() == 1);
  REQUIRE_FALSE(table.routing_id(a));
  const auto again = table.heard("a");
  REQUIRE(again != a);
  REQUIRE(again != b);
  REQUIRE(table.size() == 1);
}

TEST_CASE("a full table drops who was silent longest", "[net]") {
  PeerTable table(2);
  const auto a = table.heard("a");
  const auto b = table.heard("b");
  REQUIRE(table.heard("a") == a);
  const auto c = table.heard("c");
  REQUIRE(table.size() == 2);
  REQUIRE_FALSE(table.routing_id(b));
  REQUIRE(table.routing_id(a));
  REQUIRE(table.routing_id(c));
}

}  // namespace
}  // namespace psmith::net
