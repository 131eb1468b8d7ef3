#include "infer/failover.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <vector>

#include "infer/order.h"

using namespace psmith;
using namespace psmith::infer;
using namespace std::chrono_literals;

namespace {

const Instant kStart{1000s};
using Sends = std::vector<Failover::Send>;

Failover::Send send(std::uint64_t worker, std::uint64_t batch) {
  return {.worker = NodeId(worker), .batch = batch};
}

}  // namespace

TEST_CASE("batches go round the workers in turn", "[infer]") {
  Failover failover({.outstanding_max = 2});
  for (std::uint64_t w = 1; w <= 3; ++w) failover.join(kStart, NodeId(w));
  for (std::uint64_t b = 0; b < 7; ++b) failover.submit(kStart, b);
  REQUIRE(failover.step(kStart) == Sends{send(1, 0), send(2, 1), send(3, 2),
                                         send(1, 3), send(2, 4), send(3, 5)});
  REQUIRE(failover.step(kStart).empty());
  REQUIRE(failover.answered(kStart, NodeId(2), 1));
  REQUIRE(failover.step(kStart) == Sends{send(2, 6)});
}

TEST_CASE("a random division is a function of its seed", "[infer]") {
  const auto run = [](std::uint64_t seed) {
    Failover failover(
        {.divide = Divide::random, .outstanding_max = 100, .seed = seed});
    for (std::uint64_t w = 1; w <= 3; ++w) failover.join(kStart, NodeId(w));
    for (std::uint64_t b = 0; b < 60; ++b) failover.submit(kStart, b);
    return failover.step(kStart);
  };
  REQUIRE(run(1) == run(1));
  REQUIRE(run(1) != run(2));
  std::map<std::uint64_t, int> given;
  for (const auto& sent : run(1)) ++given[sent.worker.value()];
  REQUIRE(given.size() == 3);
}

TEST_CASE("the batches of a worker that leaves go to another", "[infer]") {
  Failover failover({.outstanding_max = 2});
  failover.join(kStart, NodeId(1));
  failover.submit(kStart, 0);
  failover.submit(kStart, 1);
  REQUIRE(failover.step(kStart) == Sends{send(1, 0), send(1, 1)});
  failover.leave(NodeId(1));
  REQUIRE(failover.step(kStart).empty());
  failover.join(kStart, NodeId(2));
  REQUIRE(failover.step(kStart) == Sends{send(2, 0), send(2, 1)});
}

TEST_CASE("the batches of a silent worker go to another", "[infer]") {
  Failover failover({.outstanding_max = 1, .silence = 4s});
  failover.join(kStart, NodeId(1));
  failover.submit(kStart, 0);
  REQUIRE(failover.step(kStart) == Sends{send(1, 0)});
  failover.join(kStart, NodeId(2));
  REQUIRE(failover.deadline() == kStart + 4s);
  REQUIRE(failover.step(kStart + 3s).empty());
  REQUIRE(failover.step(kStart + 4s) == Sends{send(2, 0)});
  REQUIRE(failover.silent_count() == 1);

  SECTION("and its late answer counts if it is the first") {
    REQUIRE(failover.answered(kStart + 5s, NodeId(1), 0));
    REQUIRE(failover.silent_count() == 0);
    REQUIRE_FALSE(failover.answered(kStart + 5s, NodeId(2), 0));
  }
  SECTION("and its late answer is refused if it is the second") {
    REQUIRE(failover.answered(kStart + 5s, NodeId(2), 0));
    REQUIRE_FALSE(failover.answered(kStart + 5s, NodeId(1), 0));
  }
  REQUIRE(failover.open_count() == 0);
}

TEST_CASE("a sign of life keeps a slow worker's batches with it", "[infer]") {
  Failover failover({.outstanding_max = 1, .silence = 4s});
  failover.join(kStart, NodeId(1));
  failover.join(kStart, NodeId(2));
  failover.submit(kStart, 0);
  REQUIRE(failover.step(kStart) == Sends{send(1, 0)});
  failover.heard(kStart + 3s, NodeId(1));
  REQUIRE(failover.step(kStart + 5s).empty());
  REQUIRE(failover.step(kStart + 7s) == Sends{send(2, 0)});
}

TEST_CASE("a worker that was idle for long is not silent", "[infer]") {
  Failover failover({.outstanding_max = 1, .silence = 4s});
  failover.join(kStart, NodeId(1));
  failover.submit(kStart + 100s, 0);
  REQUIRE(failover.step(kStart + 100s) == Sends{send(1, 0)});
  REQUIRE(failover.step(kStart + 103s).empty());
  REQUIRE(failover.silent_count() == 0);
}

TEST_CASE("a silent worker is probed with one batch at a time", "[infer]") {
  Failover failover({.outstanding_max = 3, .silence = 4s, .timeout = 60s});
  failover.join(kStart, NodeId(1));
  for (std::uint64_t b = 0; b < 3; ++b) failover.submit(kStart, b);
  REQUIRE(failover.step(kStart).size() == 3);
  REQUIRE(failover.step(kStart + 4s).empty());
  REQUIRE(failover.deadline() == kStart + 8s);
  REQUIRE(failover.step(kStart + 8s) == Sends{send(1, 0)});
  REQUIRE(failover.answered(kStart + 9s, NodeId(1), 0));
  REQUIRE(failover.step(kStart + 9s) == Sends{send(1, 1), send(1, 2)});
}

TEST_CASE("a refused batch goes to another worker", "[infer]") {
  Failover failover({.outstanding_max = 1});
  failover.join(kStart, NodeId(1));
  failover.submit(kStart, 0);
  REQUIRE(failover.step(kStart) == Sends{send(1, 0)});
  failover.returned(kStart, {NodeId(1), 0, kStart + 1s});
  REQUIRE(failover.step(kStart).empty());
  REQUIRE(failover.deadline() == kStart + 1s);
  SECTION("if there is one") {
    failover.join(kStart, NodeId(2));
    REQUIRE(failover.step(kStart) == Sends{send(2, 0)});
  }
  SECTION("or waits until it may ask again") {
    REQUIRE(failover.step(kStart + 1s) == Sends{send(1, 0)});
  }
}

TEST_CASE("with nobody heard for the timeout it gives up", "[infer]") {
  Failover failover({.silence = 4s, .timeout = 60s});
  REQUIRE_FALSE(failover.gave_up(kStart + 1000s));
  failover.submit(kStart + 1000s, 0);
  REQUIRE(failover.deadline() == kStart + 1060s);
  REQUIRE_FALSE(failover.gave_up(kStart + 1059s));
  REQUIRE(failover.gave_up(kStart + 1060s));
  SECTION("but not while one answers") {
    failover.join(kStart + 1059s, NodeId(1));
    REQUIRE_FALSE(failover.gave_up(kStart + 1060s));
  }
}

namespace {

// A cluster in virtual time: workers answer after a while, twice, late or
// never; they are killed, frozen and replaced as the seed says.
class Sim {
 public:
  explicit Sim(std::uint64_t seed)
      : rng_(seed),
        order_(1 + static_cast<std::size_t>(rng_.below(20))),
        failover_(
            {.divide = rng_.below(2) ? Divide::even : Divide::random,
             .outstanding_max = 1 + static_cast<std::size_t>(rng_.below(4)),
             .silence = 2s,
             .timeout = 1000s,
             .seed = seed}) {
    for (int i = 0; i < 3; ++i) start_worker();
  }

  // Runs until `count` batches have left; returns them as they left.
  std::vector<std::uint64_t> run(std::uint64_t count) {
    std::vector<std::uint64_t> left;
    for (int turn = 0; left.size() < count && turn < 100000; ++turn) {
      now_ += std::chrono::milliseconds(rng_.below(200));
      if (asked_ < count && order_.open()) {
        failover_.submit(now_, order_.ask());
        ++asked_;
      }
      disturb();
      deliver();
      for (const auto& sent : failover_.step(now_)) {
        mail(sent.worker, sent.batch);
      }
      REQUIRE_FALSE(failover_.gave_up(now_));
      while (const auto value = order_.next()) left.push_back(*value);
    }
    return left;
  }

  int kills() const { return kills_; }

 private:
  struct Mail {
    NodeId worker;
    std::uint64_t batch;
  };

  void start_worker() {
    const NodeId worker(++worker_last_);
    alive_.push_back(worker);
    failover_.join(now_, worker);
  }

  void mail(NodeId worker, std::uint64_t batch) {
    if (rng_.below(20) == 0) return;  // the connection broke
    const auto at = now_ + std::chrono::milliseconds(rng_.below(1500));
    mail_.emplace(at, Mail{worker, batch});
    if (rng_.below(20) == 0) mail_.emplace(at + 100ms, Mail{worker, batch});
    if (rng_.below(40) == 0) mail_.emplace(at + 9s, Mail{worker, batch});
  }

  void disturb() {
    if (rng_.below(30) == 0 && !alive_.empty()) {  // a kill -9
      const auto i = static_cast<std::size_t>(rng_.below(alive_.size()));
      dead_.push_back(alive_[i]);
      alive_.erase(alive_.begin() + static_cast<std::ptrdiff_t>(i));
      ++kills_;
    }
    if (rng_.below(30) == 0 && !dead_.empty()) {  // the view says so, later
      failover_.leave(dead_.front());
      dead_.erase(dead_.begin());
    }
    if (alive_.size() < 2 || rng_.below(50) == 0) start_worker();
  }

  void deliver() {
    while (!mail_.empty() && mail_.begin()->first <= now_) {
      const auto [worker, batch] = mail_.begin()->second;
      mail_.erase(mail_.begin());
      if (std::find(alive_.begin(), alive_.end(), worker) == alive_.end()) {
        continue;
      }
      if (rng_.below(15) == 0) {
        failover_.returned(now_, {worker, batch, now_ + 300ms});
      } else if (failover_.answered(now_, worker, batch)) {
        REQUIRE(order_.answer(batch, batch));
      }
    }
  }

  Rng rng_;
  Order<std::uint64_t> order_;
  Failover failover_;
  Instant now_ = kStart;
  std::uint64_t asked_ = 0, worker_last_ = 0;
  std::vector<NodeId> alive_, dead_;
  std::multimap<Instant, Mail> mail_;
  int kills_ = 0;
};

}  // namespace

TEST_CASE("whoever is killed, every batch leaves once and in order",
          "[infer]") {
  int kills = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    INFO("seed " << seed);
    Sim sim(seed);
    const auto left = sim.run(200);
    REQUIRE(left.size() == 200);
    for (std::size_t i = 0; i < left.size(); ++i) REQUIRE(left[i] == i);
    kills += sim.kills();
  }
  REQUIRE(kills > 300);
}
