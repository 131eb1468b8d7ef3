#include "node/pool.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <latch>

namespace psmith::node {

TEST_CASE("every task that is taken runs", "[node]") {
  std::atomic<int> ran{0};
  std::latch done(100);
  Pool pool(3, 1000);
  for (int i = 0; i < 100; ++i) {
    REQUIRE(pool.submit([&] {
      ++ran;
      done.count_down();
    }));
  }
  done.wait();
  REQUIRE(ran == 100);
}

TEST_CASE("a full queue refuses", "[node]") {
  std::latch hold(1), started(1);
  Pool pool(1, 1);
  REQUIRE(pool.submit([&] {
    started.count_down();
    hold.wait();
  }));
  started.wait();
  REQUIRE(pool.submit([] {}));
  REQUIRE_FALSE(pool.submit([] {}));
  hold.count_down();
}

}  // namespace psmith::node
