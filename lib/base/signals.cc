#include "base/signals.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <utility>

#include "base/format.h"

namespace psmith {
namespace {

// A handler can reach nothing but globals.
std::atomic<int> caught_signal{0};
std::atomic<int> wake_fd{-1};
static_assert(std::atomic<int>::is_always_lock_free);

// Only async-signal-safe calls (signal-safety(7)).
void on_signal(int number) {
  int none = 0;
  if (!caught_signal.compare_exchange_strong(none, number)) {
    ::signal(number, SIG_DFL);
    ::raise(number);  // delivered when this handler returns
    return;
  }
  const int saved = errno;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(wake_fd.load(), &one, sizeof(one));
  errno = saved;
}

}  // namespace

Result<Signals> Signals::open() {
  Fd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd) {
    return error(Code::exhausted, "cannot watch signals: {}",
                 errno_text(errno));
  }
  int none = -1;
  if (!wake_fd.compare_exchange_strong(none, fd.get())) {
    return Error{Code::conflict, "signals are watched already"};
  }
  caught_signal = 0;
  Signals signals;
  signals.fd_ = std::move(fd);
  signals.armed_ = true;
  for (std::size_t i = 0; i < kCaught.size(); ++i) {
    auto& before = signals.before_[i];
    ::sigaction(kCaught[i], nullptr, &before);
    if (kCaught[i] == SIGHUP && before.sa_handler == SIG_IGN) continue;
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(kCaught[i], &action, nullptr);
  }
  return signals;
}

Signals::Signals(Signals&& other) noexcept
    : fd_(std::move(other.fd_)),
      armed_(std::exchange(other.armed_, false)),
      before_(other.before_) {}

Signals::~Signals() {
  if (!armed_) return;
  for (std::size_t i = 0; i < kCaught.size(); ++i) {
    ::sigaction(kCaught[i], &before_[i], nullptr);
  }
  wake_fd = -1;
}

int Signals::next() {
  std::uint64_t count = 0;
  const auto n = ::read(fd_.get(), &count, sizeof(count));
  return n == sizeof(count) ? caught_signal.load() : 0;
}

void ignore_sigpipe() { ::signal(SIGPIPE, SIG_IGN); }

void raise_default(int number) {
  ::signal(number, SIG_DFL);
  sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, number);
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  ::raise(number);
  ::_exit(128 + number);  // a signal that does not end a process
}

}  // namespace psmith
