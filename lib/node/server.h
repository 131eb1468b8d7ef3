// Server: a process (or a thread of one) that holds parameters. Its agent
// lives on the main reactor; each lane is one thread with its own reactor,
// ROUTER socket and store::Lane per job. Lanes share nothing.
//
// Made and run by one thread; stop() from any.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/lane.h"

namespace psmith::net {
class Context;
class Reactor;
}  // namespace psmith::net

namespace psmith::node {

struct ServerOptions {
  std::string master;
  std::string listen = "tcp://127.0.0.1:0";  // port 0: one port a lane
  std::string advertise;  // host that others use instead, or empty
  std::string name;
  std::size_t threads = 1;                      // lanes
  Duration timeout = std::chrono::seconds(60);  // to reach a master at first
  Duration reconnect = std::chrono::hours(1);   // to do without one later
  // The master has been silent for longer than it should; it is heard again.
  std::function<void(bool silent)> on_silent = {};
  store::Lane::Limits limits;
};

class Server {
 public:
  // Binds one socket per lane. Throws Failure: 73 the address is in use, 2 it
  // is malformed.
  Server(net::Context& context, ServerOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  const std::vector<std::string>& addresses() const;

  // Serves until stop(), then leaves the cluster. Throws Failure when there
  // is no master for too long, or it refuses this node (69).
  void run();
  void stop();

  net::Reactor& reactor();  // for watching signals on run()'s thread

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Where a node listens: with several lanes on inproc or ipc each gets a name
// of its own; with port 0 each gets a port.
std::string lane_address(const std::string& listen, std::size_t lane);
// The bound endpoint as others should write it.
std::string advertised(const std::string& endpoint,
                       const std::string& advertise);

}  // namespace psmith::node
