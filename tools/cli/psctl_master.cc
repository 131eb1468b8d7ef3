#include "psctl_master.h"

#include "base/format.h"
#include "base/path.h"
#include "interrupt.h"
#include "net/context.h"
#include "net/reactor.h"
#include "node/master.h"
#include "node_flags.h"

namespace psmith::cli {
namespace {

using namespace std::chrono_literals;

struct MasterCommand {
  std::string listen = "tcp://127.0.0.1:7700";
  Duration heartbeat = 1s;
  Duration job_timeout = 60s;
  std::string state;
  std::string ready_file;
  bool insecure = false;
};

constexpr std::size_t kReadyMax = 4096;  // bytes of a ready-file

int run_master(const MasterCommand& options, Console& console) {
  (void)check_listen(options.listen, options.insecure);
  Interrupt interrupt;
  net::Context context;
  node::MasterOptions master_options;
  master_options.listen = options.listen;
  master_options.settings.heartbeat = options.heartbeat;
  master_options.settings.job_timeout = options.job_timeout;
  master_options.state = options.state;
  node::Master master(context, master_options);
  const auto ready = master.endpoint() + "\n";
  if (!options.ready_file.empty()) {
    auto written = write_file(options.ready_file, as_bytes(ready));
    if (!written) throw Failure(kCannotCreate, written.error());
  }
  console.note("master listens at " + master.endpoint());
  if (!options.state.empty()) {
    console.note(format("the journal in {} knows {} jobs and awaits {} nodes",
                        options.state, master.saved_jobs(),
                        master.saved_nodes()));
  }
  master.reactor().watch(interrupt.fd(), [&] { master.stop(); });
  const auto withdraw = [&] {
    // Another master may have written its own there since.
    auto text = read_small_file(options.ready_file, kReadyMax);
    if (options.ready_file.empty() || !text || *text != ready) return;
    std::error_code ignored;
    std::filesystem::remove(options.ready_file, ignored);
  };
  try {
    master.run();
  } catch (const Failure&) {
    withdraw();
    throw;
  }
  withdraw();
  console.note("master stopped");
  return kDone;
}

}  // namespace

void add_master(Program& program) {
  auto options = std::make_shared<MasterCommand>();
  auto& app = program.command(
      "master", "runs the master of a cluster",
      [options](Console& c) { return run_master(*options, c); });
  app.add_option("--listen", options->listen, "where (port 0: any free one)")
      ->type_name("ADDRESS")
      ->capture_default_str();
  app.add_flag("--insecure", options->insecure,
               "listen beyond loopback without keys");
  app.add_option("--state", options->state,
                 "where it keeps its journal (default: it keeps none)")
      ->type_name("DIR");
  add_duration(app, "--heartbeat", options->heartbeat,
               "how often nodes report; four missed: gone", 10ms);
  add_duration(app, "--job-timeout", options->job_timeout,
               "how long a job waits for servers or workers");
  app.add_option("--ready-file", options->ready_file,
                 "written with the address once it listens")
      ->type_name("FILE");
}

}  // namespace psmith::cli
