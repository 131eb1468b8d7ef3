#include "psserver_cli.h"

#include "base/format.h"
#include "interrupt.h"
#include "net/context.h"
#include "net/reactor.h"
#include "node/server.h"
#include "status.h"

namespace psmith::cli {

void declare(CLI::App& app, ServerFlags& flags) {
  declare(app, flags.node, "lanes (default: one for each core)");
}

int run_server(const ServerFlags& flags, Console& console) {
  Interrupt interrupt;
  const auto place = place_node(flags.node, true, interrupt, console);
  net::Context context;
  node::ServerOptions options;
  options.master = place.master;
  options.listen = place.listen;
  options.advertise = place.advertise;
  options.name = flags.node.name;
  options.threads = place.threads;
  options.timeout = flags.node.timeout;
  options.reconnect = flags.node.reconnect;
  options.on_silent =
      silence_teller(place.master, flags.node.reconnect, console);
  node::Server server(context, options);
  const ReadyFile ready(context, server.reactor(),
                        {.path = flags.node.ready_file,
                         .master = place.master,
                         .addresses = server.addresses()});
  console.note(format("{} lane{} from {}, for master {}", place.threads,
                      place.threads == 1 ? "" : "s", server.addresses().at(0),
                      place.master));
  server.reactor().watch(interrupt.fd(), [&] {
    interrupt.acknowledge();
    server.stop();
  });
  server.run();
  console.note("left the cluster");
  return kDone;
}

}  // namespace psmith::cli
