#include "base/mapped.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <map>
#include <mutex>
#include <vector>

namespace psmith {
namespace {

// Lives for ever, so that the signal handler may walk the list at any time;
// used again for another file once its own is unmapped (size 0).
struct Region {
  std::atomic<std::uintptr_t> begin{0};
  std::atomic<std::size_t> size{0};
  std::atomic<bool> cut{false};
  Region* next = nullptr;
  // Not the handler's: guarded by the registry's mutex.
  std::filesystem::path path;
  struct stat info {};
};

struct Registry {
  std::mutex mutex;
  std::map<std::uintptr_t, Region*> by_begin;
  std::vector<Region*> free;
};

Registry& registry() {
  static auto* const kept = new Registry;  // outlives every mapping
  return *kept;
}

std::atomic<Region*> regions{nullptr};
const auto page_size = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));

Region* region_at(std::uintptr_t address) {
  for (auto* r = regions.load(std::memory_order_acquire); r != nullptr;
       r = r->next) {
    const auto begin = r->begin.load(std::memory_order_acquire);
    const auto size = r->size.load(std::memory_order_acquire);
    if (address - begin < size) return r;
  }
  return nullptr;
}

// Zeros from the page that is not there to the end of the mapping.
extern "C" void on_missing_page(int, siginfo_t* info, void*) {
  if (info->si_code <= 0) {  // sent by somebody
    ::signal(SIGBUS, SIG_DFL);
    ::raise(SIGBUS);
    return;
  }
  const int kept_errno = errno;
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  auto* const region = region_at(address);
  if (region != nullptr) {
    region->cut.store(true, std::memory_order_release);
    const auto page = address & ~(page_size - 1);
    const auto end = region->begin.load() + region->size.load();
    void* const zeros =
        ::mmap(reinterpret_cast<void*>(page), end - page, PROT_READ,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (zeros != MAP_FAILED) {
      errno = kept_errno;
      return;
    }
  }
  ::signal(SIGBUS, SIG_DFL);  // raised again when the read is repeated
}

void handle_missing_pages() {
  static const bool once = [] {
    struct sigaction action {};
    action.sa_sigaction = on_missing_page;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    ::sigemptyset(&action.sa_mask);
    return ::sigaction(SIGBUS, &action, nullptr) == 0;
  }();
  (void)once;
}

void forget(Region* region) {
  auto& known = registry();
  const std::lock_guard lock(known.mutex);
  const auto begin = region->begin.load();
  const auto size = region->size.exchange(0);
  ::munmap(reinterpret_cast<void*>(begin), size);
  known.by_begin.erase(begin);
  known.free.push_back(region);
}

Region* remember(std::uintptr_t begin, const struct stat& info,
                 const std::filesystem::path& path) {
  auto& known = registry();
  const std::lock_guard lock(known.mutex);
  Region* region = nullptr;
  if (known.free.empty()) {
    region = new Region;
    region->next = regions.load();
    regions.store(region, std::memory_order_release);
  } else {
    region = known.free.back();
    known.free.pop_back();
  }
  region->path = path;
  region->info = info;
  region->cut = false;
  region->begin.store(begin, std::memory_order_release);
  region->size.store(static_cast<std::size_t>(info.st_size),
                     std::memory_order_release);
  known.by_begin[begin] = region;
  return region;
}

// The region that holds the first byte. REQUIRES: the registry is locked
Region* find(Registry& known, ByteView bytes) {
  const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
  auto at = known.by_begin.upper_bound(address);
  if (at == known.by_begin.begin()) return nullptr;
  auto* const region = std::prev(at)->second;
  return address - region->begin.load() < region->size.load() ? region
                                                              : nullptr;
}

bool same_time(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

std::shared_ptr<const void> map_regular(int fd, const struct stat& info,
                                        const std::filesystem::path& path) {
  handle_missing_pages();
  const auto size = static_cast<std::size_t>(info.st_size);
  void* const at = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) return nullptr;
  auto* const region =
      remember(reinterpret_cast<std::uintptr_t>(at), info, path);
  return {at, [region](const void*) { forget(region); }};
}

MappedState mapped_state(ByteView bytes) {
  auto& known = registry();
  const std::lock_guard lock(known.mutex);
  const auto* const region = find(known, bytes);
  if (region == nullptr) return MappedState::same;
  if (region->cut) return MappedState::cut;
  struct stat now {};
  const auto& then = region->info;
  if (::stat(region->path.c_str(), &now) != 0 || now.st_ino != then.st_ino ||
      now.st_dev != then.st_dev) {
    return MappedState::same;
  }
  if (now.st_size < then.st_size) return MappedState::cut;
  const bool same =
      now.st_size == then.st_size && same_time(now.st_mtim, then.st_mtim);
  return same ? MappedState::same : MappedState::written;
}

void accept_written(ByteView bytes) {
  auto& known = registry();
  const std::lock_guard lock(known.mutex);
  auto* const region = find(known, bytes);
  struct stat now {};
  if (region == nullptr || ::stat(region->path.c_str(), &now) != 0) return;
  region->info.st_mtim = now.st_mtim;
  region->info.st_size = std::max(region->info.st_size, now.st_size);
}

}  // namespace psmith
