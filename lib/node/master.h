// Master: the shell around sched::Coordinator: one reactor, one RouterSocket,
// one timer, one journal. It decides nothing. What a turn has to remember is
// durable before anything of that turn is sent.
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
  std::string state = {};    // folder of the journal; empty: it keeps none
  sched::Settings settings;  // its listen and incarnation are filled in
};

class Master {
 public:
  // Listens, after it has read its journal. Throws Failure: 73 the address is
  // in use or not of this machine, or the journal cannot be made or is another
  // master's; 2 the address is malformed; 65 the journal is damaged; 70 no
  // descriptors are left.
  Master(net::Context& context, MasterOptions options);
  ~Master();
  Master(const Master&) = delete;
  Master& operator=(const Master&) = delete;

  // Where others reach it; the port that was chosen if it was 0.
  const std::string& endpoint() const;

  // What the journal held; 0 without one.
  std::size_t saved_jobs() const;
  std::size_t saved_nodes() const;

  // Serves until stop(); at once if stop() came before. Throws Failure (74) if
  // the journal cannot be written: nothing that it does not hold was said.
  void run();
  void stop();

  // For watching signals on the master's thread.
  net::Reactor& reactor();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace psmith::node
