#include "node_flags.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>

#include "base/format.h"
#include "base/path.h"
#include "net/address.h"
#include "options.h"
#include "status.h"

namespace psmith::cli {
namespace {

constexpr std::uint64_t kThreadMax = 256;  // lanes of one node, too
constexpr std::uint64_t kPortMax = 65535;
constexpr Duration kReadyPoll = std::chrono::milliseconds(50);

std::string host_in_address(const std::string& host) {
  const bool bare = host.find(':') != std::string::npos && host[0] != '[';
  return bare ? "[" + host + "]" : host;
}

std::string default_listen(const std::string& master) {
  auto host = net::interface_towards(master);
  if (!host) {
    throw Failure(kUnavailable, std::move(host.error()).at("--listen"));
  }
  return format("tcp://{}:0", host_in_address(*host));
}

// The host that others use: as given, or for a wildcard the interface that
// reaches the master.
std::string advertised_host(const NodeFlags& flags, const NodePlace& place) {
  if (!flags.advertise.empty()) {
    const auto text = format("tcp://{}:1", host_in_address(flags.advertise));
    auto address = net::parse_peer_address(text);
    if (!address) {
      throw Failure(
          kUsage, error(Code::invalid, "--advertise {}: a host name or number",
                        flags.advertise));
    }
    return address->host;
  }
  if (!net::is_wildcard(place.listen)) return {};
  auto host = net::interface_towards(place.master);
  if (!host) {
    throw Failure(kUnavailable, std::move(host.error()).at("--advertise"));
  }
  return *host;
}

void check_ports(const net::Address& address, std::size_t count) {
  if (address.transport != net::Transport::tcp || address.port == 0) return;
  if (address.port + count - 1 <= kPortMax) return;
  throw Failure(kUsage, error(Code::invalid,
                              "--listen {} leaves no {} ports from there on",
                              address.text(), count));
}

}  // namespace

net::Address check_listen(const std::string& listen, bool insecure) {
  auto address = net::parse_address(listen);
  if (!address) {
    throw Failure(kUsage, std::move(address.error()).at("--listen"));
  }
  if (address->transport == net::Transport::inproc) {
    throw Failure(kUsage, error(Code::invalid,
                                "--listen: nobody reaches {} from another "
                                "process\nhint: tcp://HOST:PORT or ipc:///PATH",
                                listen));
  }
  if (insecure || net::is_loopback(listen)) return std::move(*address);
  throw Failure(kNotAllowed,
                error(Code::invalid,
                      "{} is beyond loopback, where anybody could connect\n"
                      "hint: --insecure, on a network that you trust",
                      listen));
}

void declare(CLI::App& app, NodeFlags& flags, const std::string& threads_text) {
  declare(app, flags.master);
  app.add_option("--listen", flags.listen,
                 "where to listen (default: a free port of the interface that "
                 "reaches the master)")
      ->type_name("ADDRESS");
  app.add_option("--advertise", flags.advertise,
                 "the host that others connect to instead")
      ->type_name("HOST");
  app.add_flag("--insecure", flags.insecure,
               "listen beyond loopback without keys");
  add_count(app, "--threads", flags.threads, 1, kThreadMax, threads_text);
  app.add_option("--name", flags.name, "its name in lists and events")
      ->type_name("TEXT");
  add_duration(app, "--timeout", flags.timeout,
               "how long to try to reach a master at first");
  add_duration(app, "--reconnect", flags.reconnect,
               "how long to go on without a master that is lost");
  app.add_option("--ready-file", flags.ready_file,
                 "written with its addresses once it has joined")
      ->type_name("FILE");
}

NodePlace place_node(const NodeFlags& flags, bool port_per_thread,
                     Interrupt& interrupt, const Console& console) {
  NodePlace place;
  place.master = resolve_master(flags.master.master, interrupt, console);
  console.detail(
      format("master {} ({})", place.master, console.origin("master")));
  const auto cores = std::max(1U, std::thread::hardware_concurrency());
  place.threads = static_cast<std::size_t>(
      std::min(flags.threads == 0 ? cores : flags.threads, kThreadMax));
  place.listen =
      flags.listen.empty() ? default_listen(place.master) : flags.listen;
  const auto address = check_listen(place.listen, flags.insecure);
  check_ports(address, port_per_thread ? place.threads : 1);
  place.advertise = advertised_host(flags, place);
  return place;
}

ReadyFile::ReadyFile(net::Context& context, net::Reactor& reactor,
                     Options options)
    : reactor_(reactor), options_(std::move(options)) {
  if (options_.path.empty()) return;
  master_ = std::make_unique<net::DealerSocket>(
      reactor, context, options_.master,
      [this](const wire::Message& message) { take(message); });
  timer_ = reactor.every(kReadyPoll, [this] {
    master_->clear();
    (void)master_->send({wire::Nodes{}, {}});
  });
}

void ReadyFile::take(const wire::Message& message) {
  const auto* nodes = std::get_if<wire::NodesOk>(&message.body);
  if (nodes == nullptr) return;
  const auto& all = nodes->view.nodes;
  const bool listed = std::any_of(all.begin(), all.end(), [&](auto& node) {
    return node.addresses == options_.addresses;
  });
  if (listed) write();
}

void ReadyFile::write() {
  reactor_.cancel(timer_);
  std::string text;
  for (const auto& address : options_.addresses) text += address + "\n";
  auto done = write_file(options_.path, as_bytes(text));
  if (!done) throw Failure(kCannotCreate, done.error());
  written_ = true;
  master_.reset();
}

ReadyFile::~ReadyFile() {
  reactor_.cancel(timer_);
  if (!written_) return;
  std::error_code ignored;
  std::filesystem::remove(options_.path, ignored);
}

std::function<void(bool silent)> silence_teller(std::string master,
                                                Duration reconnect,
                                                Console& console) {
  return [master = std::move(master), reconnect, &console](bool silent) {
    if (silent) {
      console.warn(format("master {} is silent; goes on without it for {}",
                          master, duration_text(reconnect)));
    } else {
      console.note(format("master {} is heard again", master));
    }
  };
}

}  // namespace psmith::cli
