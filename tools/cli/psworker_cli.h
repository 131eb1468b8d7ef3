// psworker's command line. One thread.
#pragma once

#include <CLI/CLI.hpp>

#include "console.h"
#include "node_flags.h"

namespace psmith::cli {

struct WorkerFlags {
  NodeFlags node;
};

void declare(CLI::App& app, WorkerFlags& flags);

// Until a signal, which makes it leave the cluster. Throws Failure: 69 there
// is no master, or it refuses this node; 73 the port is busy; 77 beyond
// loopback without --insecure.
int run_worker(const WorkerFlags& flags, Console& console);

}  // namespace psmith::cli
