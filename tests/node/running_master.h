// A master on a thread of its own, for as long as it is in scope.
#pragma once

#include <string>
#include <thread>
#include <utility>

#include "net/context.h"
#include "node/master.h"

namespace psmith::node {

struct RunningMaster {
  RunningMaster(net::Context& context, std::string listen,
                Duration heartbeat = sched::Settings().heartbeat)
      : master(context, options(std::move(listen), heartbeat)),
        thread([this] { master.run(); }) {}
  ~RunningMaster() {
    master.stop();
    thread.join();
  }

  static MasterOptions options(std::string listen, Duration heartbeat) {
    MasterOptions out{.listen = std::move(listen), .settings = {}};
    out.settings.heartbeat = heartbeat;
    return out;
  }

  Master master;
  std::thread thread;
};

}  // namespace psmith::node
