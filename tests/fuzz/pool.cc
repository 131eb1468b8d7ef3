// Blocks are used again instead of given back, because the address sanitizer's
// allocator would take most of a run's time. A block that is free is poisoned,
// so that it sees who uses it still.
//
// Large blocks always; of these only both ends are poisoned. Small ones in long
// runs (FUZZ_LONG). What is then not found: memory that is lost, new[] met with
// delete, a write that leaps over the zone between two blocks, and a block that
// is used after others of its size have been freed. One thread.
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#include <sys/mman.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#include "input.h"

namespace {

constexpr std::size_t kLeast = std::size_t{128} << 10;
constexpr std::size_t kMost = std::size_t{1} << 20;

// What is poisoned at either end of a large block that is free: poisoning all
// of it would take longer than most inputs do.
constexpr std::size_t kPoisoned = std::size_t{32} << 10;

struct Block {
  void* at = nullptr;
  std::size_t size = 0;
  bool used = false;
};
std::array<Block, 16> blocks;

std::array<void*, 2> ends_of(const Block& block) {
  return {block.at, static_cast<char*>(block.at) + block.size - kPoisoned};
}

void* take(std::size_t size) {
  for (auto& block : blocks) {
    if (block.used || block.size != size) continue;
    block.used = true;
    for (void* const end : ends_of(block)) {
      __asan_unpoison_memory_region(end, kPoisoned);
    }
    return block.at;
  }
  void* const at = std::malloc(size);
  for (auto& block : blocks) {
    if (block.at != nullptr || at == nullptr) continue;
    block = {at, size, true};
    break;
  }
  return at;
}

// ---- small blocks

constexpr std::size_t kUnit = 16;          // of sizes
constexpr std::size_t kSmallMost = 1024;   // bytes
constexpr std::size_t kRoom = 256U << 20;  // address space for all
constexpr int kFresh = 0xbe;               // in a block that is given out
constexpr std::size_t kResting = 64;       // free blocks of a size, before one

// Before a small block: a poisoned zone, which only this file reads.
struct Head {
  std::size_t units;
  Head* next;  // while it is free
};
static_assert(sizeof(Head) == kUnit);

struct Queue {
  Head *first = nullptr, *last = nullptr;
  std::size_t size = 0;
};
std::array<Queue, kSmallMost / kUnit + 1> queues;
char* room = nullptr;
std::size_t room_used = 0;

bool small_wanted() {
  static const bool wanted = [] {
    if (!psmith::fuzz::long_run()) return false;
    void* const at = mmap(nullptr, kRoom, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) return false;
    room = static_cast<char*>(at);
    __lsan_register_root_region(room, kRoom);
    return true;
  }();
  return wanted;
}

bool is_small(const void* at) {
  const auto offset =
      static_cast<std::size_t>(reinterpret_cast<std::uintptr_t>(at) -
                               reinterpret_cast<std::uintptr_t>(room));
  return room != nullptr && offset < kRoom;
}

// The sanitizer ends the program where `at` is poisoned.
__attribute__((noinline)) void touch(void* at) {
  auto* const byte = static_cast<volatile char*>(at);
  *byte = *byte;
}

// Null: there is no room.
__attribute__((no_sanitize("address"))) void* take_small(std::size_t size) {
  const auto units = (size + kUnit - 1) / kUnit;
  auto& queue = queues[units];
  Head* head = nullptr;
  if (queue.size > kResting) {
    head = queue.first;
    queue.first = head->next;
    --queue.size;
  } else {
    const auto bytes = (units + 1) * kUnit;
    if (room_used + bytes > kRoom) return nullptr;
    head = reinterpret_cast<Head*>(room + room_used);
    room_used += bytes;
    head->units = units;
    __asan_poison_memory_region(head, bytes);
  }
  __asan_unpoison_memory_region(head + 1, size);
  std::memset(head + 1, kFresh, size);
  return head + 1;
}

__attribute__((no_sanitize("address"))) void release_small(void* at) {
  auto* const head = static_cast<Head*>(at) - 1;
  if (__asan_address_is_poisoned(at) != 0) touch(at);  // freed before
  __asan_poison_memory_region(at, head->units * kUnit);
  head->next = nullptr;
  auto& queue = queues[head->units];
  if (queue.size++ == 0) {
    queue.first = head;
  } else {
    queue.last->next = head;
  }
  queue.last = head;
}

void* allocate(std::size_t size) {
  if (size == 0) size = 1;
  void* at = nullptr;
  if (size <= kSmallMost && small_wanted()) at = take_small(size);
  if (at == nullptr) {
    at = size < kLeast || size > kMost ? std::malloc(size) : take(size);
  }
  if (at == nullptr) throw std::bad_alloc();
  return at;
}

void release(void* at) {
  if (is_small(at)) {
    release_small(at);
    return;
  }
  for (auto& block : blocks) {
    if (at == nullptr || block.at != at) continue;
    block.used = false;
    for (void* const end : ends_of(block)) {
      __asan_poison_memory_region(end, kPoisoned);
    }
    return;
  }
  std::free(at);
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size == 0 ? 1 : size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* at) noexcept { release(at); }
void operator delete[](void* at) noexcept { release(at); }
void operator delete(void* at, std::size_t) noexcept { release(at); }
void operator delete[](void* at, std::size_t) noexcept { release(at); }

// Long traces of every allocation take a third of some targets' time; the
// variable ASAN_OPTIONS asks for them.
extern "C" const char* __asan_default_options() {
  return "quarantine_size_mb=16:malloc_context_size=1:max_malloc_fill_size=64";
}
