// Pool: compute threads with one queue, first come, first served.
//
// What is submitted is always taken: whoever submits bounds how much (a job by
// its leases). What is offered is taken only while little of its kind waits or
// runs, by number and by bytes, so that questions from outside neither keep a
// job's tasks out nor fill the memory.
//
// Tasks do not wait for each other. One that throws gives on_fault, on its
// thread, the Failure that should end the process. submit() and offer() are
// for any thread; all else for the owner's.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"

namespace psmith::node {

class Pool {
 public:
  // Of all that was offered and has not run to its end.
  static constexpr std::size_t kOfferCountMax = 256;
  static constexpr std::size_t kOfferBytesMax = std::size_t{256} << 20;

  Pool(std::size_t threads, std::function<void(const Failure&)> on_fault);
  // Runs what is running to its end; what waits is dropped.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  std::size_t thread_count() const { return threads_.size(); }

  // False: the pool ends.
  bool submit(std::function<void()> task);
  // False: too much was offered already. A task is never too large by itself.
  bool offer(std::size_t bytes, std::function<void()> task);

 private:
  struct Task {
    std::function<void()> run;
    bool offered = false;
    std::size_t bytes = 0;
  };
  void run();

  const std::function<void(const Failure&)> on_fault_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;
  std::size_t offer_count_ = 0, offer_bytes_ = 0;
  bool stopping_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace psmith::node
