#include "node/worker.h"

#include <atomic>
#include <map>
#include <optional>
#include <set>

#include "net/context.h"
#include "net/reactor.h"
#include "net/socket.h"
#include "node/agent.h"
#include "node/guard.h"
#include "node/pool.h"
#include "node/predictor.h"
#include "node/server.h"
#include "node/worker_job.h"

namespace psmith::node {

struct Worker::Impl {
  Impl(net::Context& ctx, WorkerOptions given)
      : context(ctx),
        options(std::move(given)),
        socket(reactor, context, [this](PeerId from, wire::Message message) {
          on_frame(from, std::move(message));
        }) {
    auto bound = socket.bind(options.listen);
    if (!bound) {
      throw Failure(bound.error().code == Code::invalid ? 2 : 73,
                    bound.error());
    }
    address = advertised(*bound, options.advertise);
    pool = std::make_unique<Pool>(options.threads, [this](const Failure& why) {
      reactor.post([this, why] {
        failure = why;
        reactor.stop();
      });
    });
  }
  ~Impl() {
    jobs.clear();
    pool.reset();  // before the reactor that its tasks post to
  }

  void run();
  void on_frame(PeerId from, wire::Message message);
  void on_start_job(const wire::JobRecord& record);

  net::Context& context;
  WorkerOptions options;
  net::Reactor reactor;
  Predictor predictor;
  std::atomic<std::uint64_t> progress{0};
  std::unique_ptr<Pool> pool;
  std::unique_ptr<Agent> agent;
  net::RouterSocket socket;
  std::string address;
  NodeId self;
  std::map<JobId, std::unique_ptr<WorkerJob>> jobs;
  std::optional<Failure> failure;
};

// A question of a client: computed on the pool, answered from here. Anything
// else needs no computing: it is refused.
void Worker::Impl::on_frame(PeerId from, wire::Message message) {
  const auto* predict = std::get_if<wire::Predict>(&message.body);
  const auto* load = std::get_if<wire::LoadModel>(&message.body);
  if (predict == nullptr && load == nullptr) {
    if (std::holds_alternative<wire::Refused>(message.body)) return;
    socket.send(from, predictor.on(message));
    return;
  }
  const auto seq = predict == nullptr ? 0 : predict->seq;
  auto bytes =
      predict == nullptr ? load->digest.size() : predict->digest.size();
  for (const auto& blob : message.blobs) bytes += blob.size();
  const bool taken = pool->offer(bytes, [this, from, m = std::move(message)] {
    auto answer = predictor.on(m);
    if (std::holds_alternative<wire::PredictOk>(answer.body)) ++progress;
    reactor.post([this, from, answer = std::move(answer)] {
      socket.send(from, answer);
    });
  });
  if (!taken) {
    socket.send(from, {wire::Refused{.code = "busy",
                                     .text = "the worker's queue is full",
                                     .seq = seq,
                                     .job = {},
                                     .retry_ms = 100},
                       {}});
  }
}

void Worker::Impl::on_start_job(const wire::JobRecord& record) {
  auto& job = jobs[record.job];
  const bool known = job && job->record().recovery >= record.recovery;
  const auto why = failure_of([&] {
    if (!known) {
      job = std::make_unique<WorkerJob>(
          WorkerJob::Host{
              .context = context,
              .reactor = reactor,
              .pool = *pool,
              .progress = progress,
              .to_master =
                  [this](wire::Body body) { agent->send(std::move(body)); }},
          self, record);
      job->start();
    }
    agent->send(wire::StartJobOk{
        .node = {}, .job = record.job, .recovery = record.recovery});
  });
  if (!why) return;
  jobs.erase(record.job);
  agent->send(
      wire::JobFailed{.node = {},
                      .job = record.job,
                      .recovery = record.recovery,
                      .reason = why->what(),
                      .status = static_cast<std::uint32_t>(why->status)});
}

void Worker::Impl::run() {
  agent = std::make_unique<Agent>(
      context, reactor,
      AgentOptions{.role = wire::Role::worker,
                   .name = options.name,
                   .master = options.master,
                   .addresses = {address},
                   .threads = static_cast<std::uint32_t>(options.threads),
                   .timeout = options.timeout,
                   .reconnect = options.reconnect,
                   .progress = &progress},
      AgentCallbacks{
          .on_joined =
              [this](NodeId node) {
                self = node;
                jobs.clear();
              },
          .on_view = [](const wire::View&) {},
          .on_start_job =
              [this](const wire::JobRecord& record) { on_start_job(record); },
          .on_end_job =
              [this](const wire::EndJob& end) { jobs.erase(end.job); },
          .on_silent = options.on_silent,
          .on_failed =
              [this](const Failure& why) {
                failure = why;
                reactor.stop();
              }});
  agent->start();
  reactor.run();
  agent->leave();
  if (failure) throw Failure(*failure);
}

Worker::Worker(net::Context& context, WorkerOptions options)
    : impl_(std::make_unique<Impl>(context, std::move(options))) {}
Worker::~Worker() = default;

const std::string& Worker::address() const { return impl_->address; }
void Worker::run() { impl_->run(); }
void Worker::stop() { impl_->reactor.stop(); }
net::Reactor& Worker::reactor() { return impl_->reactor; }

}  // namespace psmith::node
