#include "net/reactor.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/net/until.h"

namespace psmith::net {
namespace {

using std::chrono::milliseconds;

TEST_CASE("posted functions run in the order they came", "[net]") {
  Reactor reactor;
  std::vector<int> seen;
  for (int i = 0; i < 3000; ++i) {
    reactor.post([&seen, i] { seen.push_back(i); });
  }
  REQUIRE(until(reactor, [&] { return seen.size() == 3000; }));
  for (int i = 0; i < 3000; ++i) {
    REQUIRE(seen[static_cast<std::size_t>(i)] == i);
  }
}

TEST_CASE("each thread's posts keep their order and wake the reactor",
          "[net]") {
  constexpr int kThreads = 4, kPosts = 5000;
  Reactor reactor;
  std::array<int, kThreads> next{};
  int done = 0;
  bool ordered = true;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kPosts; ++i) {
          reactor.post([&, t, i] {
            ordered = ordered && next[static_cast<std::size_t>(t)]++ == i;
            if (++done == kThreads * kPosts) reactor.stop();
          });
        }
      });
    }
    reactor.run();
  }
  REQUIRE(done == kThreads * kPosts);
  REQUIRE(ordered);
}

TEST_CASE("a post to a full reactor waits for room", "[net]") {
  Reactor reactor;
  constexpr std::size_t kPosts = Reactor::kPostMax + 1000;
  std::size_t done = 0;
  std::jthread poster([&] {
    for (std::size_t i = 0; i < kPosts; ++i) reactor.post([&] { ++done; });
  });
  REQUIRE(until(reactor, [&] { return done == kPosts; }));
}

TEST_CASE("a post that waits for room is released by stop", "[net]") {
  Reactor reactor;
  std::atomic<bool> refused{false};
  std::jthread poster([&] {
    for (std::size_t i = 0; i < Reactor::kPostMax; ++i) reactor.post([] {});
    reactor.stop();
    refused = !reactor.post([] {});
  });
  poster.join();
  REQUIRE(refused);
}

TEST_CASE("a callback may post without end and timers still run", "[net]") {
  Reactor reactor;
  bool rang = false;
  std::function<void()> again = [&] {
    if (!rang) reactor.post(again);
  };
  reactor.post(again);
  reactor.after(milliseconds(5), [&] { rang = true; });
  REQUIRE(until(reactor, [&] { return rang; }));
}

TEST_CASE("timers run in the order of their instants", "[net]") {
  Reactor reactor;
  std::string order;
  const auto start = reactor.now();
  reactor.at(start + milliseconds(3), [&] { order += 'c'; });
  reactor.at(start + milliseconds(1), [&] { order += 'a'; });
  reactor.at(start + milliseconds(1), [&] { order += 'b'; });
  const auto dead = reactor.at(start + milliseconds(2), [&] { order += 'x'; });
  reactor.at(start, [&] { reactor.cancel(dead); });
  REQUIRE(until(reactor, [&] { return order.size() >= 3; }));
  REQUIRE(order == "abc");
  REQUIRE(reactor.now() >= start + milliseconds(3));
}

TEST_CASE("a timer that is set in a timer waits for the next turn", "[net]") {
  Reactor reactor;
  int count = 0;
  std::function<void()> again = [&] {
    ++count;
    reactor.at(reactor.now(), again);
  };
  reactor.at(reactor.now(), again);
  reactor.turn(milliseconds(0));
  REQUIRE(count == 1);
  reactor.turn(milliseconds(0));
  REQUIRE(count == 2);
}

TEST_CASE("a periodic timer repeats until it cancels itself", "[net]") {
  Reactor reactor;
  int count = 0;
  TimerId id;
  id = reactor.every(milliseconds(1), [&] {
    if (++count == 5) reactor.cancel(id);
  });
  bool late = false;
  reactor.after(milliseconds(20), [&] { late = true; });
  REQUIRE(until(reactor, [&] { return late; }));
  REQUIRE(count == 5);
}

TEST_CASE("a watched descriptor calls while it is readable", "[net]") {
  Reactor reactor;
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  std::string got;
  WatchId id;
  id = reactor.watch(ends[0], [&] {
    char c = 0;
    REQUIRE(read(ends[0], &c, 1) == 1);
    got += c;
    if (got.size() == 3) reactor.unwatch(id);
  });
  REQUIRE(write(ends[1], "abcd", 4) == 4);
  REQUIRE(until(reactor, [&] { return got.size() == 3; }));
  reactor.turn(milliseconds(0));
  REQUIRE(got == "abc");
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("a reactor that was stopped runs no more and takes no posts",
          "[net]") {
  Reactor reactor;
  bool ran = false;
  REQUIRE(reactor.post([&] { ran = true; }));
  reactor.stop();
  reactor.run();
  REQUIRE_FALSE(reactor.post([&] { ran = true; }));
  reactor.run();
  REQUIRE_FALSE(ran);
}

TEST_CASE("a post that waits for room when run ends does not wait on",
          "[net]") {
  Reactor reactor;
  std::atomic<bool> refused{false};
  std::jthread poster([&] {
    while (reactor.post([] {})) {
    }
    refused = true;
  });
  reactor.after(milliseconds(20), [&] { reactor.stop(); });
  reactor.run();
  poster.join();
  REQUIRE(refused);
}

TEST_CASE("what a callback throws leaves run", "[net]") {
  Reactor reactor;
  reactor.post([] { throw std::string("out"); });
  REQUIRE_THROWS_AS(reactor.run(), std::string);
}

}  // namespace
}  // namespace psmith::net
