// Master: the shell around sched::Coordinator: one reactor, one RouterSocket,
// one timer. It decides nothing.
//
// Made and run by one thread (making it on another before run() is fine);
// stop() from any. The context may be shared with servers and workers of the
// same process, which then reach it over inproc://.
#pragma once

#include <memory>
#include <string>

#include "sched/settings.h"

namespace psmith::net {
class Context;
class Reactor;
}  // namespace psmith::net

namespace psmith::node {

struct MasterOptions {
  std::string listen = "tcp://127.0.0.1:0";
  sched::Settings settings;  // its listen and incarnation are filled in
};

class Master {
 public:
  // Listens. Throws Failure: 73 the address is in use or not of this machine,
  // 2 it is malformed, 70 no descriptors are left.
  Master(net::Context& context, MasterOptions options);
  ~Master();
  Master(const Master&) = delete;
  Master& operator=(const Master&) = delete;

  // Where others reach it; the port that was chosen if it was 0.
  const std::string& endpoint() const;

  // Serves until stop(); at once if stop() came before.
  void run();
  void stop();

  // For watching signals on the master's thread.
  net::Reactor& reactor();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace psmith::node
