// Reactor: the loop of one thread. It owns the thread's sockets, timers and
// descriptors, and runs what other threads post to it.
//
// One turn polls once, then gives each readable socket a bounded batch, runs
// the watched descriptors, the posted functions (in the order they came) and
// the timers that are due (in the order of their instants), so that no source
// starves another. Callbacks may add, cancel and destroy anything, themselves
// and their own socket too. What a callback throws leaves run().
//
// post() and stop() are safe from any thread. All else belongs to the thread
// that calls run(), or to the one thread that prepares it before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/id.h"

namespace psmith::net {

using TimerId = Id<struct TimerTag>;
using WatchId = Id<struct WatchTag>;

// A socket as the reactor sees it; implemented in this module only.
class Source {
 public:
  virtual ~Source() = default;
  virtual void* handle() = 0;            // a libzmq socket
  virtual bool wants_write() const = 0;  // has something queued
  // Delivers up to n messages, and no more once the time is over.
  virtual void drain(std::size_t n, Instant until) = 0;
  virtual void flush() = 0;  // the peer has room again
};

class Reactor {
 public:
  // Functions that may wait in post(), timers, sockets and descriptors.
  static constexpr std::size_t kPostMax = std::size_t{1} << 16;
  static constexpr std::size_t kTimerMax = std::size_t{1} << 20;
  // Of a socket in one turn: messages, and the time after which timers and
  // signals have their turn, however long the messages take.
  static constexpr std::size_t kBatch = 64;
  static constexpr Duration kShare = std::chrono::milliseconds(50);

  Reactor();
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  // Turns until stop(), which is for good: none if it came before.
  void run();
  void stop();

  // One turn, waiting at most `wait` for something to happen.
  void turn(Duration wait);

  // Runs fn on the reactor's thread, after everything posted before it, unless
  // stop() comes first. With kPostMax waiting, another thread waits for room
  // (the reactor's own never does). False: stopped; fn will not run.
  bool post(std::function<void()> fn);

  Instant now() const;

  TimerId at(Instant when, std::function<void()> fn);
  TimerId after(Duration delay, std::function<void()> fn);
  // First after one period. Turns that came too late are left out.
  TimerId every(Duration period, std::function<void()> fn);
  void cancel(TimerId id);  // an id that is gone is fine

  // Calls fn while fd is readable. The caller keeps the descriptor open.
  WatchId watch(int fd, std::function<void()> fn);
  void unwatch(WatchId id);

  // For the sockets of this module.
  void add(std::shared_ptr<Source> source);
  void remove(const Source* source);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace psmith::net
