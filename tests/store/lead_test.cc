#include "store/lead.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>

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

// Step 0 has so many leaves, and step 1; a and b are here.
Lead two_workers(std::uint32_t leaves_now, std::uint32_t leaves_next,
                 Instant now) {
  Lead lead({a, b});
  lead.advance(0, leaves_now, leaves_next, now);
  lead.request(a, now);
  lead.request(b, now);
  return lead;
}

}  // namespace

TEST_CASE("runs are proportional, whole and of at most four subtrees",
          "[store]") {
  for (std::uint32_t m = 1; m <= 64; ++m) {
    for (std::size_t n = 1; n <= 8; ++n) {
      const auto runs = cut_runs(m, std::vector<double>(n, 1.0));
      std::uint32_t at = 0;
      for (const auto& run : runs) {
        REQUIRE(run.begin == at);
        if (m >= n) REQUIRE(run.size() >= 1);
        if (run.size() != 0) REQUIRE(subtrees_of(run, m).size() <= 4);
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
  auto lead = two_workers(16, 16, now);
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
  auto lead = two_workers(4, 0, now);
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

TEST_CASE("leaves that a lane lacks of a worker that is silent go to another",
          "[store]") {
  Instant now{};
  auto lead = two_workers(4, 4, now);
  for (const auto& g : lead.take_grants()) {
    if (g.leaves.step == 0) lead.pushed(g.worker, g.leaves, now);
  }
  lead.advance(1, 4, 0, now);
  (void)lead.take_grants();
  // b died when it had pushed to some lanes, and nobody says so.
  now += Lead::kLate;
  lead.request(a, now);
  lead.missing({0, 0, 4}, now);
  REQUIRE(held(lead.take_grants(), 0).empty());
  now += 1ms;
  lead.missing({0, 0, 4}, now);
  REQUIRE(held(lead.take_grants(), 0) ==
          std::map<NodeId, std::uint32_t>{{a, 2}});
}

TEST_CASE("a worker twice as fast gets twice the leaves", "[store]") {
  Instant now{};
  auto lead = two_workers(30, 30, now);
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
  auto lead = two_workers(4, 0, now);
  for (const auto& g : lead.take_grants()) {
    if (g.worker == a) lead.pushed(a, g.leaves, now);
  }
  REQUIRE(lead.waiting_for() == 1);
  lead.tick(now + Lead::kLate + 1ms);
  REQUIRE(held(lead.take_grants(), 0)[a] == 2);
}

TEST_CASE("a worker that hangs holds the job up once, not at every step",
          "[store]") {
  Instant now{};
  auto lead = two_workers(4, 4, now);
  std::set<std::uint64_t> late;
  std::set<std::pair<std::uint64_t, std::uint32_t>> pushed;
  for (std::uint64_t step = 0; step < 20; ++step) {
    std::uint32_t done = 0;
    const Instant begin = now;
    while (done < 4) {
      for (const auto& g : lead.take_grants()) {
        if (g.worker == b) continue;  // computes for ever
        lead.pushed(g.worker, g.leaves, now);
        for (auto i = g.leaves.begin; i < g.leaves.end; ++i) {
          pushed.insert({g.leaves.step, i});
        }
      }
      for (std::uint32_t i = done = 0; i < 4; ++i) {
        done += pushed.contains({step, i}) ? 1 : 0;
      }
      now += 100ms;
      lead.tick(now);
      REQUIRE(now - begin < 2 * Lead::kLate);
    }
    if (now - begin > Lead::kLate) late.insert(step);
    lead.advance(step + 1, 4, 4, now);
  }
  REQUIRE(late == std::set<std::uint64_t>{0});
}

TEST_CASE("slow steps are learned, and then nobody is late", "[store]") {
  Instant now{};
  auto lead = two_workers(4, 4, now);
  std::map<std::uint64_t, std::size_t> released;
  for (std::uint64_t step = 0; step < 6; ++step) {
    const auto grants = lead.take_grants();
    const Instant end = now + 20s;
    while (now < end) {
      now += 100ms;
      lead.tick(now);
      released[step] += lead.take_releases().size();
    }
    for (const auto worker : {a, b}) {  // each pushes what it was given first
      for (const auto& g : grants) {
        if (g.worker == worker) lead.pushed(worker, g.leaves, now);
      }
    }
    for (std::uint32_t i = 0; i < 4; ++i) lead.pushed(a, {step, i, i + 1}, now);
    lead.advance(step + 1, 4, 4, now);
  }
  REQUIRE(released[0] > 0);
  for (std::uint64_t step = 1; step < 6; ++step) REQUIRE(released[step] == 0);
}

TEST_CASE("steps that opened while no worker was there are leased to the next",
          "[store]") {
  Instant now{};
  Lead lead({a});
  lead.advance(0, 4, 4, now);
  lead.request(a, now);
  lead.take_grants();
  lead.leave(a, now);
  lead.advance(1, 4, 4, now);  // its last sums arrived all the same
  lead.advance(2, 4, 4, now);
  lead.request(b, now);
  const auto grants = lead.take_grants();
  REQUIRE(held(grants, 2)[b] == 4);
  REQUIRE(held(grants, 3)[b] == 4);
}

TEST_CASE("after the end no lease beyond it is taken back", "[store]") {
  Instant now{};
  auto lead = two_workers(4, 4, now);
  for (const auto& g : lead.take_grants()) {
    if (g.leaves.step == 0) lead.pushed(g.worker, g.leaves, now);
  }
  lead.end();
  lead.leave(b, now);
  REQUIRE(lead.take_releases().empty());
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
