#include "data/workers.h"

#include <catch2/catch.hpp>
#include <numeric>
#include <stdexcept>

namespace psmith::data {

TEST_CASE("every task is done, by however many threads", "[data]") {
  for (const unsigned threads : {1U, 2U, 4U}) {
    Workers workers(threads);
    REQUIRE(workers.threads() == threads);
    std::vector<int> done(1000);
    std::vector<Workers::Ticket> tickets;
    for (auto& value : done) {
      tickets.push_back(workers.start([&value] { value = 1; }));
    }
    for (const auto& ticket : tickets) workers.wait(ticket);
    REQUIRE(std::accumulate(done.begin(), done.end(), 0) == 1000);
  }
}

TEST_CASE("tasks that nobody waited for are done before their workers go",
          "[data]") {
  std::atomic<int> done{0};
  {
    Workers workers(3);
    for (int i = 0; i < 20; ++i) workers.start([&] { ++done; });
  }
  REQUIRE(done == 20);
}

TEST_CASE("who waits helps", "[data]") {
  Workers workers(2);
  std::atomic<int> begun{0}, go{0};
  const auto hold = workers.start([&] {
    begun = 1;
    begun.notify_all();
    go.wait(0);
  });
  begun.wait(0);  // the other thread is taken
  const auto here = std::this_thread::get_id();
  std::thread::id by;
  workers.wait(workers.start([&] { by = std::this_thread::get_id(); }));
  REQUIRE(by == here);
  go = 1;
  go.notify_all();
  workers.wait(hold);
}

TEST_CASE("what a task throws comes to who waits for it", "[data]") {
  for (const unsigned threads : {1U, 2U}) {
    Workers workers(threads);
    const auto bad = workers.start([] { throw std::runtime_error("no"); });
    int value = 0;
    const auto good = workers.start([&value] { value = 1; });
    workers.wait(good);
    REQUIRE(value == 1);
    workers.await_end(bad);
    REQUIRE_THROWS_AS(workers.wait(bad), std::runtime_error);
  }
}

}  // namespace psmith::data
