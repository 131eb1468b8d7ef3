// Cluster: where a job runs: a master's cluster (--master), or servers and
// workers inside this process (--local, the default). One thread.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "client/master_client.h"
#include "console.h"
#include "interrupt.h"
#include "net/context.h"
#include "node/embedded.h"
#include "session.h"

namespace psmith::cli {

struct ClusterFlags {
  std::string master;
  std::string local;  // "W[,S[,L]]"
  Duration reconnect = kReconnect;
};

void declare(CLI::App& app, ClusterFlags& flags);

// "W[,S[,L]]"; "": one worker for each core. Throws Failure (2).
node::EmbeddedOptions local_options(const std::string& text);

class Cluster {
 public:
  // --local beats PSMITH_MASTER and the configuration file; naming both on the
  // command line is an error (2). Throws Failure (69) without a master.
  Cluster(const ClusterFlags& flags, Console& console, Interrupt& interrupt);

  bool embedded() const { return embedded_ != nullptr; }
  client::MasterClient& master() { return *master_; }
  net::Context& context();
  // Why an embedded node ended by itself, or "".
  std::string fault() const;

 private:
  std::unique_ptr<net::Context> context_;
  std::unique_ptr<node::Embedded> embedded_;
  std::unique_ptr<client::MasterClient> master_;
};

// Whether the flags mean a master's cluster.
bool uses_master(const ClusterFlags& flags, const Console& console);

}  // namespace psmith::cli
