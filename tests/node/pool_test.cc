#include "node/pool.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <latch>
#include <stdexcept>
#include <utility>

namespace psmith::node {
namespace {

void no_fault(const Failure&) {}

// A pool of one thread, which is held until release().
struct Held {
  Held() {
    REQUIRE(pool.submit([this] {
      started.count_down();
      hold.wait();
    }));
    started.wait();
  }
  ~Held() { release(); }
  void release() {
    if (!std::exchange(released, true)) hold.count_down();
  }
  std::latch hold{1}, started{1};
  bool released = false;
  Pool pool{1, no_fault};
};

TEST_CASE("every task that is taken runs", "[node]") {
  std::atomic<int> ran{0};
  std::latch done(200);
  Pool pool(3, no_fault);
  for (int i = 0; i < 100; ++i) {
    const auto task = [&] {
      ++ran;
      done.count_down();
    };
    REQUIRE(pool.submit(task));
    REQUIRE(pool.offer(1, task));
  }
  done.wait();
  REQUIRE(ran == 200);
}

TEST_CASE("offers are bounded by number, and leave room for a job's tasks",
          "[node]") {
  Held held;
  std::latch done(10000);
  for (std::size_t i = 0; i < Pool::kOfferCountMax; ++i) {
    REQUIRE(held.pool.offer(1, [] {}));
  }
  REQUIRE_FALSE(held.pool.offer(1, [] {}));
  for (int i = 0; i < 10000; ++i) {
    REQUIRE(held.pool.submit([&] { done.count_down(); }));
  }
  held.release();
  done.wait();  // the offers came before
  REQUIRE(held.pool.offer(1, [] {}));
}

TEST_CASE("offers are bounded by bytes, but a large one is taken alone",
          "[node]") {
  Held held;
  REQUIRE(held.pool.offer(Pool::kOfferBytesMax + 1, [] {}));
  REQUIRE_FALSE(held.pool.offer(1, [] {}));
  REQUIRE_FALSE(held.pool.offer(~std::size_t{0}, [] {}));
  std::latch done(1);
  REQUIRE(held.pool.submit([&] { done.count_down(); }));
  held.release();
  done.wait();
  REQUIRE(held.pool.offer(Pool::kOfferBytesMax - 1, [] {}));
}

TEST_CASE("what a task throws is handed over, and the pool goes on", "[node]") {
  std::atomic<int> status{0};
  std::latch done(1);
  Pool pool(1, [&](const Failure& why) { status = why.status; });
  REQUIRE(pool.submit([] { throw std::runtime_error("out of order"); }));
  REQUIRE(pool.submit([&] { done.count_down(); }));
  done.wait();
  REQUIRE(status == 70);
}

}  // namespace
}  // namespace psmith::node
