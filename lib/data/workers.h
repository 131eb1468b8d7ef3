// Workers: threads that do tasks in the order given, and whoever waits for one
// helps meanwhile. At most kTasksPerThread tasks a thread wait. With one
// thread a task is done at once, by the caller.
//
// One thread gives tasks and waits for them; a task gives none. The tasks of a
// destroyed Workers were all done.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/queue.h"

namespace psmith::data {

class Workers {
 public:
  static constexpr std::size_t kTasksPerThread = 16;

  // threads: with the caller's; 1 or more
  explicit Workers(unsigned threads);
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  ~Workers();

  unsigned threads() const {
    return static_cast<unsigned>(threads_.size()) + 1;
  }

  // A task under way; wait() for it before what it uses goes.
  using Ticket = std::shared_ptr<std::atomic<int>>;
  // The task must not throw.
  Ticket start(std::function<void()> task);
  void wait(const Ticket& ticket);

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
