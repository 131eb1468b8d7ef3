#include "client/infer_client.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/format.h"
#include "net/reactor.h"
#include "net/socket.h"
#include "wire/limits.h"

namespace psmith::client {
namespace {

constexpr int kTooLarge = 65;

}  // namespace

struct InferClient::Impl {
  Impl(net::Context& context, net::Reactor& reactor, InferClientOptions options,
       ModelFile model, InferCallbacks callbacks)
      : context(context),
        reactor(reactor),
        options(std::move(options)),
        callbacks(std::move(callbacks)),
        core(this->options.settings, std::move(model)) {}

  ~Impl() {
    reactor.cancel(beat);
    reactor.cancel(timer);
  }

  void start();
  void ask_master();
  void on_master(const wire::Message& message);
  void on_view(const wire::View& view);
  void connect(NodeId worker, const std::string& address);
  void pump();
  void pump_once();
  void set_timer();
  void fail(const Failure& failure);

  net::Context& context;
  net::Reactor& reactor;
  const InferClientOptions options;
  const InferCallbacks callbacks;
  InferCore core;
  std::unique_ptr<net::DealerSocket> master;
  std::map<NodeId, std::unique_ptr<net::DealerSocket>> workers;
  net::TimerId beat, timer;
  std::optional<Instant> timer_at;
  bool pumping = false, again = false, failed = false;
};

void InferClient::Impl::start() {
  for (std::size_t i = 0; i < options.workers.size(); ++i) {
    connect(NodeId(i + 1), options.workers[i]);
  }
  if (!options.master.empty()) {
    master = std::make_unique<net::DealerSocket>(
        reactor, context, options.master,
        [this](wire::Message message) { on_master(message); });
    ask_master();
    beat = reactor.every(options.heartbeat, [this] { ask_master(); });
  }
  pump();
}

void InferClient::Impl::ask_master() {
  if (failed || master->waiting() > 0) return;  // it is away
  master->send({.body = wire::Nodes{}, .blobs = {}});
}

void InferClient::Impl::on_master(const wire::Message& message) {
  if (failed) return;
  if (const auto* nodes = std::get_if<wire::NodesOk>(&message.body)) {
    on_view(nodes->view);
  } else if (const auto* no = std::get_if<wire::Refused>(&message.body)) {
    if (no->code == "wire_version") {
      return fail(Failure(69, Error{Code::unavailable, no->text}));
    }
  }
  pump();
}

void InferClient::Impl::on_view(const wire::View& view) {
  std::set<NodeId> there;
  for (const auto& node : view.nodes) {
    if (node.role != wire::Role::worker || node.addresses.empty()) continue;
    there.insert(node.node);
    const auto& address = node.addresses.front();
    const auto known = workers.find(node.node);
    if (known != workers.end()) {
      if (known->second->address() == address) continue;
      core.worker_down(node.node);  // a new master gave its number to another
    }
    try {
      connect(node.node, address);
    } catch (const Failure&) {
      workers.erase(node.node);  // its address is nonsense: not a worker
    }
  }
  std::erase_if(workers, [&](const auto& worker) {
    if (there.contains(worker.first)) return false;
    core.worker_down(worker.first);
    return true;
  });
}

void InferClient::Impl::connect(NodeId worker, const std::string& address) {
  workers[worker] = std::make_unique<net::DealerSocket>(
      reactor, context, address, [this, worker](wire::Message message) {
        if (failed) return;
        core.on_message(reactor.now(), worker, std::move(message));
        pump();
      });
  core.worker_up(reactor.now(), worker);
}

// Does what the core wants; callbacks that submit make another round.
void InferClient::Impl::pump() {
  again = true;
  if (pumping) return;
  pumping = true;
  while (std::exchange(again, false) && !failed) pump_once();
  pumping = false;
  if (!failed) set_timer();
}

void InferClient::Impl::pump_once() {
  const auto now = reactor.now();
  for (auto& out : core.step(now)) {
    const auto found = workers.find(out.worker);
    if (found == workers.end()) continue;
    const auto sent = found->second->send(out.message);
    if (sent == net::SendResult::too_large) {
      return fail(Failure(kTooLarge,
                          error(Code::exhausted,
                                "a batch is over the {} bytes of one message\n"
                                "hint: take a smaller --batch",
                                wire::kMessageBytesMax)));
    }
  }
  while (auto answer = core.next()) callbacks.on_answer(std::move(*answer));
  if (const auto failure = core.failure(now)) return fail(*failure);
}

void InferClient::Impl::set_timer() {
  const auto deadline = core.deadline();
  if (deadline == timer_at) return;
  reactor.cancel(timer);
  timer_at = deadline;
  if (!deadline) return;
  timer = reactor.at(*deadline, [this] {
    timer_at.reset();
    pump();
  });
}

void InferClient::Impl::fail(const Failure& failure) {
  failed = true;
  callbacks.on_failed(failure);
}

InferClient::InferClient(net::Context& context, net::Reactor& reactor,
                         InferClientOptions options, ModelFile model,
                         InferCallbacks callbacks)
    : impl_(std::make_unique<Impl>(context, reactor, std::move(options),
                                   std::move(model), std::move(callbacks))) {}

InferClient::~InferClient() = default;

void InferClient::start() { impl_->start(); }

bool InferClient::open() const { return impl_->core.open(); }

bool InferClient::idle() const { return impl_->core.idle(); }

std::uint64_t InferClient::submit(wire::Predict request,
                                  std::vector<Blob> blobs) {
  const auto batch = impl_->core.submit(impl_->reactor.now(),
                                        std::move(request), std::move(blobs));
  impl_->pump();
  return batch;
}

std::size_t InferClient::ready_count() const {
  return impl_->core.ready_count();
}

std::size_t InferClient::worker_count() const {
  return impl_->core.worker_count();
}

}  // namespace psmith::client
