// The options that psserver and psworker share: where the master is, where
// this node listens, and how others are told. One thread.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "console.h"
#include "interrupt.h"
#include "net/address.h"
#include "net/context.h"
#include "net/reactor.h"
#include "net/socket.h"
#include "session.h"

namespace psmith::cli {

struct NodeFlags {
  MasterFlags master;
  std::string listen;     // empty: the interface that reaches the master
  std::string advertise;  // host
  std::string name;
  std::uint64_t threads = 0;  // 0: one for each core
  Duration timeout = std::chrono::seconds(60);
  Duration reconnect = std::chrono::hours(1);
  std::string ready_file;
  bool insecure = false;
};

// Throws Failure: 2 it is no address, 77 beyond loopback and not `insecure`.
net::Address check_listen(const std::string& listen, bool insecure);

// threads_text: what --threads means.
void declare(CLI::App& app, NodeFlags& flags, const std::string& threads_text);

// The flags with nothing left to guess.
struct NodePlace {
  std::string master;
  std::string listen;
  std::string advertise;
  std::size_t threads = 1;
};

// port_per_thread: one port is needed for each thread. Throws Failure: 2
// malformed, 69 no master wrote its ready-file or no route leads to it, 77
// beyond loopback without --insecure.
NodePlace place_node(const NodeFlags& flags, bool port_per_thread,
                     Interrupt& interrupt, const Console& console);

// The ready-file: one address a line, written as soon as the master lists the
// node, removed at the end. It lives on the node's reactor; the node outlives
// it.
class ReadyFile {
 public:
  struct Options {
    std::string path;  // empty: none is wanted
    std::string master;
    std::vector<std::string> addresses;  // of the node
  };
  ReadyFile(net::Context& context, net::Reactor& reactor, Options options);
  ~ReadyFile();
  ReadyFile(const ReadyFile&) = delete;
  ReadyFile& operator=(const ReadyFile&) = delete;

 private:
  void take(const wire::Message& message);
  void write();

  net::Reactor& reactor_;
  const Options options_;
  std::unique_ptr<net::DealerSocket> master_;  // until it is written
  net::TimerId timer_;
  bool written_ = false;
};

// Tells on standard error that the master falls silent, and is heard again.
std::function<void(bool silent)> silence_teller(std::string master,
                                                Duration reconnect,
                                                Console& console);

}  // namespace psmith::cli
