// Workers: threads that do tasks in the order given, and whoever waits for one
// helps meanwhile. At most kTasksPerThread tasks a thread wait. With one
// thread a task is done at once, by the caller.
//
// One thread gives tasks and waits for them; a task gives none. The tasks of a
// destroyed Workers were all done.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/queue.h"

namespace psmith::data {

class Workers {
 public:
  static constexpr std::size_t kTasksPerThread = 16;

  // threads: with the caller's; 1 or more. Where the system has no room for so
  // many, those there are do all.
  explicit Workers(unsigned threads);
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  ~Workers();

  unsigned threads() const {
    return static_cast<unsigned>(threads_.size()) + 1;
  }

  // A task under way; wait() for it before what it uses goes.
  struct State {
    std::atomic<int> done{0};
    std::exception_ptr fault;  // what the task threw; read it when done
  };
  using Ticket = std::shared_ptr<State>;
  Ticket start(std::function<void()> task);
  // Throws what the task threw.
  void wait(const Ticket& ticket);
  // The same, but what it threw is dropped: for who gives up what it made.
  void await_end(const Ticket& ticket);

 private:
  struct Task {
    std::function<void()> work;
    Ticket ticket;
  };
  static void carry_out(Task& task);

  BoundedQueue<Task> tasks_;
  std::vector<std::jthread> threads_;
};

}  // namespace psmith::data
