// Pool: compute threads with one bounded queue. Tasks do not block on each
// other and do not throw (one that does ends the process: 70).
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace psmith::node {

class Pool {
 public:
  Pool(std::size_t threads, std::size_t queue_max);
  // Runs what is running to its end; what waits is dropped.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  std::size_t thread_count() const { return threads_.size(); }

  // Any thread. False: the queue is full.
  bool submit(std::function<void()> task);

 private:
  void run();

  const std::size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace psmith::node
