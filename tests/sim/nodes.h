// The simulated processes: a server with its lanes, and a worker. Each speaks
// to the master through the real agent's core, and hands everything else to the
// other real cores. One thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node/agent_core.h"
#include "node/worker_core.h"
#include "sim/network.h"
#include "sim/scenario.h"
#include "sim/storage.h"
#include "sim/witness.h"
#include "store/lane.h"

namespace psmith::sim {

// What both kinds share.
class Process {
 public:
  Process(Network& network, Network::Endpoint master, Witness& witness,
          NodeFaults faults, wire::Role role)
      : network_(network),
        master_(master),
        node_faults_(faults),
        witness_(witness),
        role_(role) {}
  virtual ~Process() = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void start();
  void kill();
  // As SIGSTOP and SIGCONT, or a cable that is pulled and put back.
  void pause(double ms);
  void isolate(double ms);
  void cut();
  bool alive() const { return *alive_; }

 protected:
  virtual std::vector<std::string> addresses() = 0;
  // A new life in the cluster: what it knew of jobs is void.
  virtual void on_joined() = 0;
  virtual void on_start_job(const wire::JobRecord& record) = 0;
  virtual void on_end_job(const wire::EndJob& end) = 0;
  virtual void on_view(const wire::View&) {}
  virtual void tick() = 0;
  virtual std::vector<Network::Endpoint> endpoints() const = 0;

  NodeId node() const { return agent_->node(); }
  void tell_master(wire::Body body);
  // Runs fn later, unless the process died.
  void later(double ms, std::function<void()> fn);

  Network& network_;
  Network::Endpoint master_;
  const NodeFaults node_faults_;
  Witness& witness_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

 private:
  void hold(double ms, bool isolated);
  void perform(node::AgentCore::Actions actions);
  void act(node::AgentCore::Send& send);
  void act(node::AgentCore::Joined& joined);
  void act(node::AgentCore::Viewed&);
  void act(wire::StartJob& start) { on_start_job(start.record); }
  void act(wire::EndJob& end) { on_end_job(end); }
  void act(node::AgentCore::Silent&) {}
  void act(node::AgentCore::Heard&) {}
  void act(node::AgentCore::Fail&) { kill(); }
  void ticks();

  wire::Role role_;
  Network::Endpoint control_ = 0;
  Instant awake_{};     // it does nothing before
  Instant isolated_{};  // until then
  std::optional<node::AgentCore> agent_;
};

class Server final : public Process {
 public:
  Server(Network& network, Network::Endpoint master, Witness& witness,
         Storage& storage, const Scenario& scenario)
      : Process(network, master, witness, scenario.node_faults,
                wire::Role::server),
        storage_(storage),
        faults_(scenario.faults) {
    for (std::size_t i = 0; i < scenario.lanes; ++i) open_lane();
  }
  // The lane with this number of the cluster, if its job ended here.
  store::Lane* lane(std::uint64_t number);

 private:
  struct LaneSlot {
    Network::Endpoint endpoint = 0;
    std::unique_ptr<store::Lane> lane;
  };
  void open_lane();
  void save(const store::Lane& lane);
  bool restore(store::Lane& lane);
  void on_frame(std::size_t i, Network::Endpoint from, wire::Message message);
  void run(LaneSlot& slot, store::LaneEffects effects);
  std::vector<std::string> addresses() override;
  void on_joined() override;
  void on_start_job(const wire::JobRecord& record) override;
  void on_end_job(const wire::EndJob& end) override;
  void on_view(const wire::View& view) override;
  void tick() override;
  std::vector<Network::Endpoint> endpoints() const override;

  Storage& storage_;
  store::Faults faults_;
  std::vector<LaneSlot> lanes_;
  std::set<NodeId> workers_;
};

class Worker final : public Process {
 public:
  Worker(Network& network, Network::Endpoint master, Witness& witness,
         const Data& data, const Scenario& scenario)
      : Process(network, master, witness, scenario.node_faults,
                wire::Role::worker),
        data_(data),
        compute_ms_(scenario.compute_ms) {}
  // Its computation never ends from now on.
  void hang() {
    hangs_ = true;
    witness_.lost(node(), network_.now());
  }
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
  bool spoil(wire::Message& message);
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
  bool hangs_ = false, unfit_ = false, flipped_ = false;
};

}  // namespace psmith::sim
