// Large blocks are used again instead of mapped and unmapped for every input,
// which would take most of a run's time. A block that is free is poisoned, so
// that the address sanitizer sees who uses it still.
#include <sanitizer/asan_interface.h>

#include <array>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t kLeast = std::size_t{128} << 10;
constexpr std::size_t kMost = std::size_t{1} << 20;

struct Block {
  void* at = nullptr;
  std::size_t size = 0;
  bool used = false;
};
std::array<Block, 16> blocks;

void* take(std::size_t size) {
  for (auto& block : blocks) {
    if (block.used || block.size != size) continue;
    block.used = true;
    __asan_unpoison_memory_region(block.at, size);
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

void* allocate(std::size_t size) {
  void* const at = size < kLeast || size > kMost
                       ? std::malloc(size == 0 ? 1 : size)
                       : take(size);
  if (at == nullptr) throw std::bad_alloc();
  return at;
}

void release(void* at) {
  for (auto& block : blocks) {
    if (at == nullptr || block.at != at) continue;
    block.used = false;
    __asan_poison_memory_region(at, block.size);
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
