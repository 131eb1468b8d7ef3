#include "psctl_master.h"

#include "base/format.h"
#include "base/path.h"
#include "interrupt.h"
#include "net/address.h"
#include "net/context.h"
#include "net/reactor.h"
#include "node/master.h"

namespace psmith::cli {
namespace {

using namespace std::chrono_literals;

struct MasterCommand {
  std::string listen = "tcp://127.0.0.1:7700";
  Duration heartbeat = 1s;
  Duration job_timeout = 60s;
  std::string ready_file;
  bool insecure = false;
};

void check_listen(const MasterCommand& options) {
  auto address = net::parse_address(options.listen);
  if (!address) {
    throw Failure(kUsage, std::move(address.error()).at("--listen"));
  }
  if (options.insecure || net::is_loopback(options.listen)) return;
  throw Failure(kNotAllowed,
                error(Code::invalid,
                      "{} is beyond loopback, where anybody could join\n"
                      "hint: --insecure, on a network that you trust",
                      options.listen));
}

int run_master(const MasterCommand& options, Console& console) {
  check_listen(options);
  if (options.heartbeat < 10ms) {
    throw Failure(kUsage, {Code::invalid, "--heartbeat is at least 10ms"});
  }
  Interrupt interrupt;
  net::Context context;
  node::MasterOptions master_options;
  master_options.listen = options.listen;
  master_options.settings.heartbeat = options.heartbeat;
  master_options.settings.job_timeout = options.job_timeout;
  node::Master master(context, master_options);
  if (!options.ready_file.empty()) {
    auto written =
        write_file(options.ready_file, as_bytes(master.endpoint() + "\n"));
    if (!written) throw Failure(kCannotCreate, written.error());
  }
  console.note("master listens at " + master.endpoint());
  master.reactor().watch(interrupt.fd(), [&] { master.stop(); });
  master.run();
  if (!options.ready_file.empty()) {
    std::error_code ignored;
    std::filesystem::remove(options.ready_file, ignored);
  }
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
  add_duration(app, "--heartbeat", options->heartbeat,
               "how often nodes report; four missed: gone");
  add_duration(app, "--job-timeout", options->job_timeout,
               "how long a job waits for servers or workers");
  app.add_option("--ready-file", options->ready_file,
                 "written with the address once it listens")
      ->type_name("FILE");
}

}  // namespace psmith::cli
