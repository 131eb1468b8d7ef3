// The simulated processes: a server with its lanes, and a worker. Each speaks
// to the coordinator as an agent does (join, heartbeat, answers sent again),
// and hands everything else to the real cores. One thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node/worker_core.h"
#include "sim/network.h"
#include "sim/scenario.h"
#include "store/lane.h"

namespace psmith::sim {

inline constexpr double kBeatMs = 100;

// What both kinds share.
class Process {
 public:
  Process(Network& network, Network::Endpoint master, wire::Role role)
      : network_(network), master_(master), role_(role) {}
  virtual ~Process() = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void start();
  void kill();
  bool alive() const { return *alive_; }
  NodeId node() const { return node_; }

 protected:
  virtual std::vector<std::string> addresses() = 0;
  // A new life in the cluster: what it knew of jobs is void.
  virtual void on_joined() = 0;
  virtual void on_start_job(const wire::JobRecord& record) = 0;
  virtual void on_end_job(const wire::EndJob& end) = 0;
  virtual void on_view(const wire::View&) {}
  virtual void tick() = 0;
  virtual std::vector<Network::Endpoint> endpoints() const = 0;

  void tell_master(wire::Body body, bool again);
  // Runs fn later, unless the process died.
  void later(double ms, std::function<void()> fn);

  Network& network_;
  Network::Endpoint master_;
  NodeId node_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

 private:
  void on_master(wire::Message message);
  void beat();
  void ticks();

  wire::Role role_;
  Network::Endpoint control_ = 0;
  std::uint64_t incarnation_ = 0, view_ = 0;
  std::vector<wire::Body> unanswered_;  // until the job ends or starts again
};

class Server final : public Process {
 public:
  Server(Network& network, Network::Endpoint master, std::size_t lanes,
         store::Faults faults)
      : Process(network, master, wire::Role::server), faults_(faults) {
    for (std::size_t i = 0; i < lanes; ++i) open_lane();
  }
  // The lane with this number of the cluster, if its job ended here.
  store::Lane* lane(std::uint64_t number);

 private:
  struct LaneSlot {
    Network::Endpoint endpoint = 0;
    std::unique_ptr<store::Lane> lane;
  };
  void open_lane();
  void on_frame(std::size_t i, Network::Endpoint from, wire::Message message);
  void run(LaneSlot& slot, store::LaneEffects effects);
  std::vector<std::string> addresses() override;
  void on_joined() override;
  void on_start_job(const wire::JobRecord& record) override;
  void on_end_job(const wire::EndJob& end) override;
  void on_view(const wire::View& view) override;
  void tick() override;
  std::vector<Network::Endpoint> endpoints() const override;

  store::Faults faults_;
  std::vector<LaneSlot> lanes_;
  std::set<NodeId> workers_;
};

class Worker final : public Process {
 public:
  Worker(Network& network, Network::Endpoint master, const Data& data,
         double compute_ms)
      : Process(network, master, wire::Role::worker),
        data_(data),
        compute_ms_(compute_ms) {}
  // Its computation never ends from now on.
  void hang() { hangs_ = true; }
  // It cannot read the data of any job.
  void make_unfit() { unfit_ = true; }

 private:
  struct Task {
    std::unique_ptr<node::WorkerCore> core;
    std::unique_ptr<node::Compute> compute;
    Network::Endpoint endpoint = 0;
    std::map<Network::Endpoint, std::size_t> lane_of;
    std::uint64_t number = 0;
  };
  void run(node::WorkerEffects effects);
  void prepare(std::shared_ptr<node::Work> work);
  void compute(std::shared_ptr<const node::Work> work);
  std::vector<std::string> addresses() override { return {"sim://none"}; }
  void on_joined() override;
  void on_start_job(const wire::JobRecord& record) override;
  void on_end_job(const wire::EndJob& end) override;
  void tick() override;
  std::vector<Network::Endpoint> endpoints() const override;

  const Data& data_;
  double compute_ms_;
  std::optional<Task> task_;
  std::uint64_t tasks_ = 0;
  bool hangs_ = false, unfit_ = false;
};

}  // namespace psmith::sim
