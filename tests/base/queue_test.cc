#include "base/queue.h"

#include <catch2/catch.hpp>
#include <memory>
#include <thread>
#include <vector>

using namespace psmith;

TEST_CASE("items leave a queue in the order they came", "[base]") {
  BoundedQueue<int> queue(3);
  REQUIRE(queue.empty());
  for (int i = 0; i < 3; ++i) REQUIRE(queue.push(i));
  REQUIRE_FALSE(queue.empty());
  for (int i = 0; i < 3; ++i) REQUIRE(queue.pop() == i);
}

TEST_CASE("a closed queue gives what it holds and takes nothing", "[base]") {
  BoundedQueue<std::unique_ptr<int>> queue(2);
  REQUIRE(queue.push(std::make_unique<int>(7)));
  queue.close();
  REQUIRE_FALSE(queue.push(nullptr));
  REQUIRE(**queue.pop() == 7);
  REQUIRE_FALSE(queue.pop());
}

TEST_CASE("a full queue holds the pusher back, an empty one the popper",
          "[base]") {
  BoundedQueue<int> queue(2);
  std::vector<int> taken;
  std::jthread popper([&] {
    while (const auto item = queue.pop()) taken.push_back(*item);
  });
  for (int i = 0; i < 10000; ++i) REQUIRE(queue.push(i));
  queue.close();
  popper.join();
  REQUIRE(taken.size() == 10000);
  for (int i = 0; i < 10000; ++i)
    REQUIRE(taken[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("closing wakes whoever waits", "[base]") {
  BoundedQueue<int> full(1), empty(1);
  REQUIRE(full.push(1));
  bool pushed = true;
  bool popped = true;
  {
    std::jthread pusher([&] { pushed = full.push(2); });
    std::jthread popper([&] { popped = empty.pop().has_value(); });
    full.close();
    empty.close();
  }
  REQUIRE_FALSE(pushed);
  REQUIRE_FALSE(popped);
}

TEST_CASE("whoever waits until an instant goes on with nothing", "[base]") {
  BoundedQueue<int> queue(2);
  REQUIRE_FALSE(queue.pop_until(Instant()));
  REQUIRE_FALSE(
      queue.pop_until(SteadyClock().now() + std::chrono::milliseconds(2)));
  REQUIRE(queue.push(7));
  REQUIRE(queue.pop_until(Instant()) == 7);
  REQUIRE(queue.push(8));
  queue.close();
  REQUIRE(queue.pop_until(Instant::max()) == 8);
  REQUIRE_FALSE(queue.pop_until(Instant::max()));
}

TEST_CASE("an item that comes in time ends the wait", "[base]") {
  BoundedQueue<int> queue(1);
  std::jthread pusher([&] { queue.push(3); });
  REQUIRE(queue.pop_until(SteadyClock().now() + std::chrono::hours(1)) == 3);
}
