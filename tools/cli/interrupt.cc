#include "interrupt.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>
#include <thread>

#include "base/format.h"
#include "base/path.h"
#include "status.h"

namespace psmith::cli {
namespace {

// What a signal handler may touch: there is no other way to reach it.
std::atomic<int> signal_count{0};
std::atomic<int> signal_number{0};
std::atomic<int> request_fd{-1};
std::atomic<int> watch_fd{-1};

std::mutex folders_mutex;
std::set<std::filesystem::path> folders;  // guarded by folders_mutex

void wake(int fd) {
  const std::uint64_t one = 1;
  if (fd >= 0 && ::write(fd, &one, sizeof one) < 0) return;
}

void on_signal(int number) {
  const int saved = errno;
  signal_number = number;
  ++signal_count;
  wake(request_fd);
  wake(watch_fd);
  errno = saved;
}

void remove_folders() {
  const std::scoped_lock lock(folders_mutex);
  std::error_code ignored;
  for (const auto& folder : folders) {
    std::filesystem::remove_all(folder, ignored);
  }
}

void handle(int number, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  ::sigaction(number, &action, nullptr);  // no SA_RESTART: reads must end
}

// Waits for the second signal; ends the process then.
void watch() {
  while (true) {
    std::uint64_t count = 0;
    if (::read(watch_fd, &count, sizeof count) < 0 && errno != EINTR) return;
    if (watch_fd < 0 || signal_count < 0) return;
    if (signal_count < 2) continue;
    remove_folders();
    handle(signal_number, SIG_DFL);
    ::kill(::getpid(), signal_number);
  }
}

}  // namespace

struct Interrupt::Impl {
  Fd request, watch_end;
  std::thread watcher;
};

Interrupt::Interrupt() : impl_(std::make_unique<Impl>()) {
  impl_->request = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  impl_->watch_end = Fd(::eventfd(0, EFD_CLOEXEC));
  if (!impl_->request || !impl_->watch_end) {
    throw Failure(kInternal, {Code::exhausted, "no file descriptors are left"});
  }
  signal_count = 0;
  request_fd = impl_->request.get();
  watch_fd = impl_->watch_end.get();
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);  // signals go to other threads
  impl_->watcher = std::thread(watch);
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  handle(SIGINT, on_signal);
  handle(SIGTERM, on_signal);
  struct sigaction hangup = {};
  ::sigaction(SIGHUP, nullptr, &hangup);  // nohup: stays ignored
  if (hangup.sa_handler != SIG_IGN) handle(SIGHUP, on_signal);
}

Interrupt::~Interrupt() {
  handle(SIGINT, SIG_DFL);
  handle(SIGTERM, SIG_DFL);
  struct sigaction hangup = {};
  ::sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler == on_signal) handle(SIGHUP, SIG_DFL);
  signal_count = -1;
  wake(impl_->watch_end.get());
  impl_->watcher.join();
  request_fd = -1;
  watch_fd = -1;
}

bool Interrupt::requested() const { return signal_count > 0; }

int Interrupt::fd() const { return impl_->request.get(); }

void Interrupt::acknowledge() {
  std::uint64_t count = 0;
  if (::read(impl_->request.get(), &count, sizeof count) < 0) return;
}

void CleanedFolder::set(const std::filesystem::path& path) {
  const std::scoped_lock lock(folders_mutex);
  folders.erase(path_);
  path_ = path;
  if (!path_.empty()) folders.insert(path_);
}

TempFolder::TempFolder() {
  const char* base = std::getenv("TMPDIR");
  std::string name = base != nullptr && *base != '\0' ? base : "/tmp";
  name += "/psmith-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) {
    throw Failure(kCannotCreate,
                  error(Code::invalid, "cannot create a folder {}: {}", name,
                        errno_text(errno)));
  }
  path_ = name;
  cleaned_.set(path_);
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace psmith::cli
