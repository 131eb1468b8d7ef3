// WorkerJob: one job on a worker: its core on the reactor thread, its sockets
// to the lanes, and its computation on the pool. Tasks in flight keep what
// they read alive; their results are dropped when the job is gone.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "net/socket.h"
#include "node/compute.h"
#include "node/pool.h"
#include "node/shard_source.h"
#include "node/worker_core.h"

namespace psmith::net {
class Context;
class Reactor;
}  // namespace psmith::net

namespace psmith::node {

class WorkerJob {
 public:
  struct Host {
    net::Context& context;
    net::Reactor& reactor;
    Pool& pool;
    std::atomic<std::uint64_t>& progress;  // leaves computed, for heartbeats
    std::function<void(wire::Body)> to_master;  // reactor thread
  };

  // Opens the data's manifests. Throws Failure with the status to report.
  WorkerJob(Host host, NodeId self, wire::JobRecord record);
  ~WorkerJob();
  WorkerJob(const WorkerJob&) = delete;
  WorkerJob& operator=(const WorkerJob&) = delete;

  const wire::JobRecord& record() const { return core_.record(); }
  void start();

 private:
  struct Shared;  // what tasks read
  struct Run;     // of a lease on the pool
  using Poster = std::function<void(std::function<void()>)>;
  void tick();
  void run(WorkerEffects effects);
  void prepare(std::shared_ptr<Work> work);
  void compute(std::shared_ptr<const Work> work);
  void later(std::function<void()> task);
  // Reports that this worker cannot work for the job, and gives it up.
  void failed(const Error& error);
  void guarded(const std::function<void()>& fn);
  void note_read(std::uint32_t shard);
  // From tasks too: the job may be gone, and only what is posted touches it.
  static void submit(WorkerJob* job, Pool& pool, Poster post,
                     std::function<void()> task);
  static void join_tables(WorkerJob* job, const std::shared_ptr<Run>& run,
                          const std::shared_ptr<Shared>& shared,
                          const Poster& post, Pool& pool);
  Poster poster();

  Host host_;
  WorkerCore core_;
  std::shared_ptr<Shared> shared_;
  std::vector<std::unique_ptr<net::DealerSocket>> lanes_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool failed_ = false;
};

}  // namespace psmith::node
