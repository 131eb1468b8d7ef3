#include "cluster.h"

#include <poll.h>

#include <algorithm>
#include <charconv>
#include <thread>

#include "base/format.h"
#include "session.h"
#include "status.h"

namespace psmith::cli {
namespace {

constexpr std::size_t kLocalMax = 256;
constexpr auto kJoinWait = std::chrono::seconds(30);
constexpr int kJoinPollMs = 2;

// Nodes join one after the other; a job is placed on the servers that are
// there when it starts.
void wait_for_nodes(client::MasterClient& master,
                    const node::Embedded& embedded,
                    const node::EmbeddedOptions& wanted,
                    const Interrupt& interrupt) {
  const auto until = SteadyClock().now() + kJoinWait;
  while (true) {
    if (const auto fault = embedded.fault(); !fault.empty()) {
      throw Failure(kFailed, {Code::unavailable, fault});
    }
    const auto view = must(master.nodes()).view;
    const auto count = [&](wire::Role role) {
      return static_cast<std::size_t>(
          std::ranges::count(view.nodes, role, &wire::NodeInfo::role));
    };
    if (count(wire::Role::server) >= wanted.servers &&
        count(wire::Role::worker) >= wanted.workers) {
      return;
    }
    struct pollfd wake = {interrupt.fd(), POLLIN, 0};
    const bool woken = ::poll(&wake, 1, kJoinPollMs) > 0;
    if (woken || SteadyClock().now() > until) {
      throw Failure(kFailed, {Code::timed_out,
                              woken ? "interrupted"
                                    : "the nodes in this process do not join"});
    }
  }
}

}  // namespace

void declare(CLI::App& app, ClusterFlags& flags) {
  app.add_option("--master", flags.master,
                 "run on this master's cluster (ADDRESS or @FILE)")
      ->type_name("ADDRESS");
  app.add_option("--local", flags.local,
                 "run in this process: workers, servers, lanes of each "
                 "(the default, one worker of a thread a core)")
      ->type_name("W[,S[,L]]");
  declare_reconnect(app, flags.reconnect);
}

node::EmbeddedOptions local_options(const std::string& text) {
  node::EmbeddedOptions options;
  if (text.empty()) {
    options.threads = options.lanes =
        std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 64);
    return options;
  }
  std::size_t* const parts[] = {&options.workers, &options.servers,
                                &options.lanes};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (auto* part : parts) {
    const auto [next, fault] = std::from_chars(at, end, *part);
    if (fault != std::errc() || *part == 0 || *part > kLocalMax) break;
    if (next == end) return options;
    if (*next != ',') break;
    at = next + 1;
  }
  throw Failure(kUsage, error(Code::invalid,
                              "--local: '{}' is not WORKERS[,SERVERS[,LANES]], "
                              "each from 1 to {}",
                              text, kLocalMax));
}

bool uses_master(const ClusterFlags& flags, const Console& console) {
  if (flags.master.empty()) return false;
  if (flags.local.empty()) return true;
  const bool master = console.on_command_line("master");
  const bool local = console.on_command_line("local");
  if (master && local) {
    throw Failure(kUsage,
                  {Code::invalid, "--master and --local exclude each other"});
  }
  return master;
}

Cluster::Cluster(const ClusterFlags& flags, Console& console,
                 Interrupt& interrupt) {
  if (!uses_master(flags, console)) {
    const auto local = local_options(flags.local);
    embedded_ = std::make_unique<node::Embedded>(local);
    master_ = std::make_unique<client::MasterClient>(
        must(client::MasterClient::connect(
            embedded_->context(), {.address = embedded_->master_address(),
                                   .wake_fd = interrupt.fd()})));
    wait_for_nodes(*master_, *embedded_, local, interrupt);
    return;
  }
  const auto address = resolve_master(flags.master, interrupt, console);
  if (!console.on_command_line("master")) {
    console.note(
        format("uses master {} ({})", address, console.origin("master")));
  }
  context_ = std::make_unique<net::Context>();
  master_ =
      std::make_unique<client::MasterClient>(must(client::MasterClient::connect(
          *context_,
          master_options(address, interrupt, flags.reconnect, console))));
}

net::Context& Cluster::context() {
  return embedded_ ? embedded_->context() : *context_;
}

std::string Cluster::fault() const {
  return embedded_ ? embedded_->fault() : std::string();
}

}  // namespace psmith::cli
