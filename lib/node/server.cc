#include "node/server.h"

#include <atomic>
#include <optional>
#include <set>

#include "base/format.h"
#include "net/address.h"
#include "node/agent.h"
#include "node/lane_room.h"
#include "node/lane_thread.h"

namespace psmith::node {

std::string lane_address(const std::string& listen, std::size_t lane) {
  auto address = net::parse_address(listen).value(2);
  if (address.transport == net::Transport::tcp) {
    if (address.port != 0) {
      constexpr std::size_t kPortMax = 65535;
      if (lane > kPortMax - address.port) {
        throw Failure(
            2, error(Code::invalid,
                     "cannot listen on {}: lane {} would be past port {}\n"
                     "hint: each lane has a port; begin lower, or with 0",
                     listen, lane + 1, kPortMax));
      }
      address.port = static_cast<std::uint16_t>(address.port + lane);
    }
  } else if (lane != 0) {
    address.path += format(".{}", lane);
  }
  return address.text();
}

std::string advertised(const std::string& endpoint,
                       const std::string& advertise) {
  if (advertise.empty()) return endpoint;
  auto address = net::parse_address(endpoint).value(2);
  address.host = advertise;
  return address.text();
}

namespace {

// Of a job that cannot start here.
std::uint32_t status_of(const Error& error) {
  return error.code == Code::conflict ? 73 : 1;
}

}  // namespace

struct Server::Impl {
  Impl(net::Context& ctx, ServerOptions given)
      : context(ctx), options(std::move(given)) {
    for (std::size_t i = 0; i < options.threads; ++i) {
      lanes.push_back(std::make_unique<LaneThread>(
          context, lane_address(options.listen, i), options.limits,
          [this](wire::Body body) { agent->post(std::move(body)); },
          [this](const Failure& why) {
            reactor.post([this, why] { end(why); });
          }));
      addresses.push_back(
          advertised(lanes.back()->endpoint(), options.advertise));
    }
  }

  void run();
  void end(const Failure& why) {
    failure = why;
    reactor.stop();
  }
  void on_start_job(const wire::JobRecord& record);
  void on_view(const wire::View& view);

  net::Context& context;
  ServerOptions options;
  net::Reactor reactor;
  std::vector<std::string> addresses;
  std::unique_ptr<Agent> agent;  // outlives the lanes, which post to it
  std::vector<std::unique_ptr<LaneThread>> lanes;
  std::optional<Failure> failure;
  std::set<JobId> started;  // jobs that were found to have room
};

void Server::Impl::on_start_job(const wire::JobRecord& record) {
  const auto left = std::make_shared<std::atomic<std::size_t>>(0);
  std::vector<std::pair<std::size_t, std::size_t>> mine;  // lane, index
  for (std::size_t i = 0; i < record.lanes.size(); ++i) {
    for (std::size_t k = 0; k < lanes.size(); ++k) {
      // Another node may claim this address.
      if (record.lanes[i].node == agent->node() &&
          record.lanes[i].address == addresses[k]) {
        mine.emplace_back(k, i);
      }
    }
  }
  *left = mine.size();
  // The lanes of a job that starts again have the memory already.
  const bool fresh = record.recovery == 0 && started.insert(record.job).second;
  std::vector<std::size_t> indices;
  for (const auto& [k, i] : mine) indices.push_back(i);
  if (auto room = fresh ? has_room(record, indices) : Status(Done{}); !room) {
    started.erase(record.job);
    agent->post(wire::JobFailed{.node = {},
                                .job = record.job,
                                .recovery = record.recovery,
                                .reason = room.error().message,
                                .status = status_of(room.error())});
    return;
  }
  for (const auto& [k, i] : mine) {
    lanes[k]->start_job(
        record, i,
        [this, left, job = record.job, rec = record.recovery](Status status) {
          if (!status) {
            agent->post(wire::JobFailed{.node = {},
                                        .job = job,
                                        .recovery = rec,
                                        .reason = status.error().message,
                                        .status = 1});
          } else if (left->fetch_sub(1) == 1) {
            agent->post(
                wire::StartJobOk{.node = {}, .job = job, .recovery = rec});
          }
        });
  }
}

void Server::Impl::on_view(const wire::View& view) {
  std::set<NodeId> workers;
  for (const auto& node : view.nodes) {
    if (node.role == wire::Role::worker) workers.insert(node.node);
  }
  for (auto& lane : lanes) lane->set_workers(workers);
}

void Server::Impl::run() {
  agent = std::make_unique<Agent>(
      context, reactor,
      AgentOptions{.role = wire::Role::server,
                   .name = options.name,
                   .master = options.master,
                   .addresses = addresses,
                   .threads = static_cast<std::uint32_t>(options.threads),
                   .timeout = options.timeout,
                   .reconnect = options.reconnect,
                   .progress = nullptr},
      AgentCallbacks{
          .on_joined =
              [this](NodeId) {
                for (auto& lane : lanes) lane->clear();
              },
          .on_view = [this](const wire::View& view) { on_view(view); },
          .on_start_job =
              [this](const wire::JobRecord& record) { on_start_job(record); },
          .on_end_job =
              [this](const wire::EndJob& end) {
                started.erase(end.job);
                for (auto& lane : lanes) lane->end_job(end);
              },
          .on_silent = options.on_silent,
          .on_failed = [this](const Failure& why) { end(why); }});
  for (auto& lane : lanes) lane->start();
  agent->start();
  reactor.run();
  agent->leave();
  lanes.clear();
  if (failure) throw Failure(*failure);
}

Server::Server(net::Context& context, ServerOptions options)
    : impl_(std::make_unique<Impl>(context, std::move(options))) {}
Server::~Server() = default;

const std::vector<std::string>& Server::addresses() const {
  return impl_->addresses;
}
void Server::run() { impl_->run(); }
void Server::stop() { impl_->reactor.stop(); }
net::Reactor& Server::reactor() { return impl_->reactor; }

}  // namespace psmith::node
