#include "node/pool.h"

#include <utility>

#include "node/guard.h"

namespace psmith::node {

Pool::Pool(std::size_t threads, std::function<void(const Failure&)> on_fault)
    : on_fault_(std::move(on_fault)) {
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { run(); });
  }
}

Pool::~Pool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    tasks_.clear();
  }
  wake_.notify_all();
  threads_.clear();  // joins
}

bool Pool::submit(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    tasks_.push_back({.run = std::move(task)});
  }
  wake_.notify_one();
  return true;
}

bool Pool::offer(std::size_t bytes, std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    const bool fits = offer_count_ < kOfferCountMax &&
                      bytes <= kOfferBytesMax &&
                      offer_bytes_ <= kOfferBytesMax - bytes;
    if (stopping_ || !(fits || offer_count_ == 0)) return false;
    tasks_.push_back({.run = std::move(task), .offered = true, .bytes = bytes});
    ++offer_count_;
    offer_bytes_ += bytes;
  }
  wake_.notify_one();
  return true;
}

void Pool::run() {
  while (true) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
      if (stopping_) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    if (const auto why = failure_of(task.run)) on_fault_(*why);
    if (!task.offered) continue;
    task.run = {};  // what it held is free before another may come
    const std::lock_guard lock(mutex_);
    --offer_count_;
    offer_bytes_ -= task.bytes;
  }
}

}  // namespace psmith::node
