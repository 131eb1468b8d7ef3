#include "psworker_cli.h"

#include "base/format.h"
#include "interrupt.h"
#include "net/context.h"
#include "net/reactor.h"
#include "node/worker.h"
#include "status.h"

namespace psmith::cli {

void declare(CLI::App& app, WorkerFlags& flags) {
  declare(app, flags.node, "compute threads (default: one for each core)");
}

int run_worker(const WorkerFlags& flags, Console& console) {
  Interrupt interrupt;
  const auto place = place_node(flags.node, false, interrupt, console);
  net::Context context;
  node::WorkerOptions options;
  options.master = place.master;
  options.listen = place.listen;
  options.advertise = place.advertise;
  options.name = flags.node.name;
  options.threads = place.threads;
  options.timeout = flags.node.timeout;
  options.reconnect = flags.node.reconnect;
  options.on_silent =
      silence_teller(place.master, flags.node.reconnect, console);
  node::Worker worker(context, options);
  const ReadyFile ready(context, worker.reactor(),
                        {.path = flags.node.ready_file,
                         .master = place.master,
                         .addresses = {worker.address()}});
  console.note(format("{} thread{} at {}, for master {}", place.threads,
                      place.threads == 1 ? "" : "s", worker.address(),
                      place.master));
  worker.reactor().watch(interrupt.fd(), [&] {
    interrupt.acknowledge();
    worker.stop();
  });
  worker.run();
  console.note("left the cluster");
  return kDone;
}

}  // namespace psmith::cli
