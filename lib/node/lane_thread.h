// LaneThread: one lane of a server: a thread, its reactor, its ROUTER socket
// and one store::Lane per job. Everything but the constructor, the destructor
// and post() happens on its own thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "net/context.h"
#include "net/reactor.h"
#include "net/socket.h"
#include "store/lane.h"

namespace psmith::node {

class LaneThread {
 public:
  // to_master: called on the lane's thread; must be safe there.
  using ToMaster = std::function<void(wire::Body)>;

  LaneThread(net::Context& context, const std::string& listen,
             store::Lane::Limits limits, ToMaster to_master);
  ~LaneThread();
  LaneThread(const LaneThread&) = delete;
  LaneThread& operator=(const LaneThread&) = delete;

  const std::string& endpoint() const { return endpoint_; }
  void start();  // the thread

  // From any thread, to run on the lane's.
  void start_job(wire::JobRecord record, std::size_t index,
                 std::function<void(Status)> done);
  void end_job(wire::EndJob end);
  void set_workers(std::set<NodeId> workers);
  void clear();

 private:
  struct Job {
    std::unique_ptr<store::Lane> lane;
    std::unique_ptr<net::DealerSocket> lead;
  };
  void on_frame(PeerId from, wire::Message message);
  void run(Job& job, store::LaneEffects effects);
  void save(const store::Lane& lane, std::uint64_t version);
  Status begin(wire::JobRecord record, std::size_t index);
  void tick();

  net::Context& context_;
  store::Lane::Limits limits_;
  ToMaster to_master_;
  net::Reactor reactor_;
  std::unique_ptr<net::RouterSocket> socket_;
  std::string endpoint_;
  std::map<JobId, Job> jobs_;
  std::set<NodeId> workers_;
  bool knows_workers_ = false;
  std::jthread thread_;
};

}  // namespace psmith::node
