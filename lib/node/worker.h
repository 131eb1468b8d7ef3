// Worker: a process (or a thread of one) that computes: gradients and
// evaluations of leases (WorkerCore), and predictions (Predictor). One reactor
// thread owns the sockets and the cores; a Pool computes.
//
// Made and run by one thread; stop() from any.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"

namespace psmith::net {
class Context;
class Reactor;
}  // namespace psmith::net

namespace psmith::node {

struct WorkerOptions {
  std::string master;
  std::string listen = "tcp://127.0.0.1:0";  // for predictions
  std::string advertise;  // host that others use instead, or empty
  std::string name;
  std::size_t threads = 1;
  Duration timeout = std::chrono::seconds(60);  // to reach a master at first
  Duration reconnect = std::chrono::hours(1);   // to do without one later
  // The master has been silent for longer than it should; it is heard again.
  std::function<void(bool silent)> on_silent = {};
};

class Worker {
 public:
  // Binds its socket. Throws Failure: 73 the address is in use, 2 malformed.
  Worker(net::Context& context, WorkerOptions options);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  const std::string& address() const;

  // Works until stop(), then leaves the cluster. Throws Failure when there is
  // no master for too long, or it refuses this node (69).
  void run();
  void stop();

  net::Reactor& reactor();  // for watching signals on run()'s thread

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace psmith::node
