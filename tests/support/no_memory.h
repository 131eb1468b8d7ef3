// Makes allocations fail, as on a machine whose memory is used up. The operator
// new that obeys is in no_memory.cc. Under a sanitizer there is none, so
// ask obeyed() before a test relies on it.
#pragma once

#include <atomic>
#include <cstddef>
#include <limits>
#include <new>

namespace psmith::support {

inline std::atomic<std::size_t> allocation_max{
    std::numeric_limits<std::size_t>::max()};
inline thread_local std::size_t allocations_left =
    std::numeric_limits<std::size_t>::max();

// True once: this allocation is to fail.
inline bool allocation_fails(std::size_t size) {
  if (size > allocation_max.load(std::memory_order_relaxed)) return true;
  return allocations_left != std::numeric_limits<std::size_t>::max() &&
         allocations_left-- == 0;
}

// While it lives, allocations of more than this many bytes fail, in every
// thread.
class SmallMemory {
 public:
  explicit SmallMemory(std::size_t bytes_max) { allocation_max = bytes_max; }
  ~SmallMemory() { allocation_max = std::numeric_limits<std::size_t>::max(); }
  SmallMemory(const SmallMemory&) = delete;
  SmallMemory& operator=(const SmallMemory&) = delete;
};

// While it lives, one allocation of this thread fails: the one after `count`.
class FailingOnce {
 public:
  explicit FailingOnce(std::size_t count) { allocations_left = count; }
  ~FailingOnce() { allocations_left = std::numeric_limits<std::size_t>::max(); }
  FailingOnce(const FailingOnce&) = delete;
  FailingOnce& operator=(const FailingOnce&) = delete;

  // It has come to that. (Then the count has wrapped to the largest number.)
  bool failed() const {
    return allocations_left == std::numeric_limits<std::size_t>::max();
  }
};

inline bool obeyed() {
  const SmallMemory small(1 << 20);
  try {
    ::operator delete(::operator new(2 << 20));
    return false;
  } catch (const std::bad_alloc&) {
    return true;
  }
}

}  // namespace psmith::support
