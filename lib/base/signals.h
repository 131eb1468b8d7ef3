// Signals: SIGINT, SIGTERM and SIGHUP as a readable descriptor.
//
// The first signal makes fd() readable; a second one, of any of the three,
// restores the default action and raises it again, so a program that hangs
// can always be stopped and its parent sees the signal. A SIGHUP that was
// ignored at the start (nohup) stays ignored. One Signals at a time in a
// process; the destructor restores the actions. Reads: one thread.
//
// SIGPIPE: programs that talk to sockets and pipes ignore it, see EPIPE from
// the write, clean up, and end quietly by raise_default(SIGPIPE).
#pragma once

#include <signal.h>

#include <array>

#include "base/path.h"
#include "base/result.h"

namespace psmith {

class Signals {
 public:
  // Errors: exhausted (no descriptors left), conflict (there is one already).
  static Result<Signals> open();

  Signals(Signals&& other) noexcept;
  Signals& operator=(Signals&&) = delete;
  ~Signals();

  // Readable once a signal has come. Poll it; read with next().
  int fd() const { return fd_.get(); }

  // The signal that came, or 0. Never blocks.
  int next();

 private:
  static constexpr std::array<int, 3> kCaught{SIGINT, SIGTERM, SIGHUP};

  Signals() = default;

  Fd fd_;  // eventfd, written by the handler
  bool armed_ = false;
  std::array<struct sigaction, kCaught.size()> before_{};
};

void ignore_sigpipe();

// Ends the process by this signal's default action, as its parent sees it.
[[noreturn]] void raise_default(int number);

}  // namespace psmith
