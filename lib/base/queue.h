// BoundedQueue<T>: the only structure that two threads share. First in, first
// out; push() waits while it is full, pop() while it is empty, so that a slow
// side slows the other down. Any thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/clock.h"

namespace psmith {

template <class T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {
    PSM_CHECK(capacity >= 1, "a queue holds at least one item");
  }

  // False: closed, and the item is dropped.
  bool push(T item) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return closed_ || items_.size() < capacity_; });
    if (closed_) return false;
    items_.push_back(std::move(item));
    lock.unlock();
    filled_.notify_one();
    return true;
  }

  // Nothing: closed, and every item has been taken.
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [this] { return closed_ || !items_.empty(); });
    return take(std::move(lock));
  }

  // The same, but nothing too when none has come until then.
  std::optional<T> pop_until(Instant deadline) {
    std::unique_lock lock(mutex_);
    filled_.wait_until(lock, deadline,
                       [this] { return closed_ || !items_.empty(); });
    return take(std::move(lock));
  }

  // The next item, if there is one now.
  std::optional<T> try_pop() { return take(std::unique_lock(mutex_)); }

  // Whoever waits goes on; nothing more comes in.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    filled_.notify_all();
    room_.notify_all();
  }

  // Whether pop() would wait now, or find nothing.
  bool empty() const {
    const std::lock_guard lock(mutex_);
    return items_.empty();
  }

 private:
  std::optional<T> take(std::unique_lock<std::mutex> lock) {
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    lock.unlock();
    room_.notify_one();
    return item;
  }

  const std::size_t capacity_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable filled_, room_;
  std::deque<T> items_;
  bool closed_ = false;
};

}  // namespace psmith
