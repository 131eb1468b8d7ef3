#include "store/lead.h"

#include <catch2/catch.hpp>
#include <map>

namespace psmith::store {
namespace {

using namespace std::chrono_literals;

// Leaves of a step each worker holds by these grants.
std::map<NodeId, std::uint32_t> held(const std::vector<Lead::Grant>& grants,
                                     std::uint64_t step) {
  std::map<NodeId, std::uint32_t> out;
  for (const auto& g : grants) {
    if (g.leaves.step == step) out[g.worker] += g.leaves.end - g.leaves.begin;
  }
  return out;
}

const NodeId a(1), b(2), c(3);

}  // namespace

TEST_CASE("runs are proportional, whole and of few subtrees", "[store]") {
  for (std::uint32_t m = 1; m <= 64; ++m) {
    for (std::size_t n = 1; n <= 8; ++n) {
      const auto runs = cut_runs(m, std::vector<double>(n, 1.0));
      std::uint32_t at = 0;
      for (const auto& run : runs) {
        REQUIRE(run.begin == at);
        if (m >= n) REQUIRE(run.size() >= 1);
        at = run.end;
      }
      REQUIRE(at == m);
    }
  }
  const auto runs = cut_runs(30, {2, 1});
  REQUIRE(runs[0].size() >= 18);
  REQUIRE(runs[0].size() <= 22);
}

TEST_CASE("the first plan waits for the expected workers", "[store]") {
  Instant now{};
  Lead lead({a, b});
  lead.advance(0, 16, 16, now);
  lead.request(a, now);
  REQUIRE(lead.take_grants().empty());
  SECTION("until they are here") { lead.request(b, now); }
  SECTION("or a while") { lead.tick(now + Lead::kGather); }
  const auto grants = lead.take_grants();
  const auto zero = held(grants, 0), one = held(grants, 1);
  std::uint32_t leaves = 0;
  for (const auto& [worker, count] : zero) leaves += count;
  REQUIRE(leaves == 16);
  REQUIRE(zero.size() == one.size());
}

TEST_CASE("leaves of a worker that left go to the others", "[store]") {
  Instant now{};
  Lead lead({a, b});
  lead.advance(0, 16, 16, now);
  lead.request(a, now);
  lead.request(b, now);
  lead.take_grants();
  lead.leave(b, now);
  const auto grants = lead.take_grants();
  REQUIRE(held(grants, 0)[a] == 8);
  REQUIRE(held(grants, 1)[a] == 8);
  REQUIRE(lead.take_releases().size() == 2);
}

TEST_CASE(
    "leaves that a vanished worker pushed are leased again when a lane "
    "lacks them",
    "[store]") {
  Instant now{};
  Lead lead({a, b});
  lead.advance(0, 4, 0, now);
  lead.request(a, now);
  lead.request(b, now);
  for (const auto& g : lead.take_grants()) {
    lead.pushed(g.worker, g.leaves, now);
  }
  lead.advance(1, 0, 0, now);
  lead.missing({0, 2, 4}, now);
  REQUIRE(lead.take_grants().empty());  // its worker is alive and sends again
  lead.leave(b, now);
  REQUIRE(lead.take_grants().empty());
  lead.missing({0, 2, 4}, now);
  REQUIRE(held(lead.take_grants(), 0)[a] == 2);
}

TEST_CASE("a worker twice as fast gets twice the leaves", "[store]") {
  Instant now{};
  Lead lead({a, b});
  lead.advance(0, 30, 30, now);
  lead.request(a, now);
  lead.request(b, now);
  auto grants = lead.take_grants();
  for (std::uint64_t step = 0; step < 20; ++step) {
    auto mine = held(grants, step);
    for (const auto& g : grants) {
      if (g.leaves.step != step) continue;
      const auto per_leaf = g.worker == a ? 10ms : 20ms;
      lead.pushed(g.worker, g.leaves,
                  now + per_leaf * (g.leaves.end - g.leaves.begin));
    }
    now += 500ms;
    lead.advance(step + 1, 30, 30, now);
    std::erase_if(grants, [&](const auto& g) { return g.leaves.step <= step; });
    for (auto& g : lead.take_grants()) grants.push_back(g);
    if (step > 10) REQUIRE(mine[a] >= 18);
    if (step > 10) REQUIRE(mine[a] <= 22);
  }
}

TEST_CASE("a worker that is late loses its leaves to another", "[store]") {
  Instant now{};
  Lead lead({a, b});
  lead.advance(0, 4, 0, now);
  lead.request(a, now);
  lead.request(b, now);
  for (const auto& g : lead.take_grants()) {
    if (g.worker == a) lead.pushed(a, g.leaves, now);
  }
  REQUIRE(lead.waiting_for() == 1);
  lead.tick(now + Lead::kLate + 1ms);
  REQUIRE(held(lead.take_grants(), 0)[a] == 2);
}

TEST_CASE("a worker that asks again gets its leases again", "[store]") {
  Instant now{};
  Lead lead({c});
  lead.advance(0, 4, 4, now);
  lead.request(c, now);
  const auto first = lead.take_grants();
  lead.request(c, now);
  const auto second = lead.take_grants();
  REQUIRE(first.size() == 2);
  REQUIRE(second.size() == 2);
  REQUIRE(second[0].leaves == first[0].leaves);
}

}  // namespace psmith::store
