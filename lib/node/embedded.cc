#include "node/embedded.h"

#include <atomic>
#include <mutex>
#include <thread>

#include "base/format.h"
#include "node/master.h"
#include "node/server.h"
#include "node/worker.h"

namespace psmith::node {
namespace {

// inproc names are the context's; a number keeps two clusters apart anyway.
std::string name_of(std::string_view role, std::size_t i) {
  static std::atomic<std::uint64_t> last{0};
  return format("inproc://psmith-{}-{}-{}", role, i, ++last);
}

}  // namespace

struct Embedded::Impl {
  explicit Impl(EmbeddedOptions options)
      : master(context, {.listen = name_of("master", 0), .settings = {}}) {
    for (std::size_t i = 0; i < options.servers; ++i) {
      ServerOptions o;
      o.master = master.endpoint();
      o.listen = name_of("server", i);
      o.name = format("server-{}", i + 1);
      o.threads = options.lanes;
      servers.push_back(std::make_unique<Server>(context, std::move(o)));
    }
    for (std::size_t i = 0; i < options.workers; ++i) {
      WorkerOptions o;
      o.master = master.endpoint();
      o.listen = name_of("worker", i);
      o.name = format("worker-{}", i + 1);
      o.threads = options.threads;
      workers.push_back(std::make_unique<Worker>(context, std::move(o)));
      worker_addresses.push_back(workers.back()->address());
    }
    try {
      run_all();
    } catch (...) {  // no thread is left; those that run must end first
      stop_all();
      throw;
    }
  }

  ~Impl() {
    stop_all();
    workers.clear();
    servers.clear();
  }

  void run_all() {
    threads.emplace_back([this] { guard([this] { master.run(); }); });
    for (auto& server : servers) {
      threads.emplace_back([this, &s = *server] { guard([&] { s.run(); }); });
    }
    for (auto& worker : workers) {
      threads.emplace_back([this, &w = *worker] { guard([&] { w.run(); }); });
    }
  }

  void stop_all() {
    for (auto& worker : workers) worker->stop();
    for (auto& server : servers) server->stop();
    master.stop();
    threads.clear();  // joins
  }

  template <class Run>
  void guard(Run run) {
    try {
      run();
    } catch (const std::exception& why) {
      const std::lock_guard lock(mutex);
      if (fault.empty()) fault = why.what();
    }
  }

  net::Context context;
  Master master;
  std::vector<std::unique_ptr<Server>> servers;
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<std::string> worker_addresses;
  mutable std::mutex mutex;
  std::string fault;
  std::vector<std::jthread> threads;
};

Embedded::Embedded(EmbeddedOptions options)
    : impl_(std::make_unique<Impl>(options)) {}
Embedded::~Embedded() = default;

net::Context& Embedded::context() { return impl_->context; }
const std::string& Embedded::master_address() const {
  return impl_->master.endpoint();
}
const std::vector<std::string>& Embedded::worker_addresses() const {
  return impl_->worker_addresses;
}
std::string Embedded::fault() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->fault;
}

}  // namespace psmith::node
