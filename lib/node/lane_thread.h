// LaneThread: one lane of a server: a thread, its reactor, its ROUTER socket
// and one store::Lane per job. Checkpoints are copied there and written on a
// second thread, one at a time; the next one waits for it, and so does the end
// of a job.
//
// What a job makes its lane throw (no memory; an address that is none) ends
// that job: the master is told. Anything else that is thrown ends the process.
//
// The owner's thread makes, starts and destroys it. What says so may be called
// from any thread; all else happens on the lane's own.
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
  // Called on the lane's threads; must be safe there.
  using ToMaster = std::function<void(wire::Body)>;
  // Why the process should end. Comes once, from the lane's thread.
  using OnFault = std::function<void(const Failure&)>;

  // Throws Failure: 73 the address is in use, 2 it is malformed.
  LaneThread(net::Context& context, const std::string& listen,
             store::Lane::Limits limits, ToMaster to_master, OnFault on_fault);
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
    bool failed = false;  // goes with the next sweep()
  };
  template <class Fn>
  void step(Job& job, Fn fn);
  void fail(Job& job, std::string reason);
  void sweep();
  void on_frame(PeerId from, wire::Message message);
  void run(Job& job, store::LaneEffects effects);
  void answer(Job& job, const store::ToPeer& to);
  void report(wire::Body body);
  void finish_writing();
  void save(const store::Lane& lane);
  Status begin(wire::JobRecord record, std::size_t index);
  Status restore(store::Lane& lane, const wire::Checkpoint& checkpoint);
  void tick();

  net::Context& context_;
  store::Lane::Limits limits_;
  ToMaster to_master_;
  OnFault on_fault_;
  net::Reactor reactor_;
  std::unique_ptr<net::RouterSocket> socket_;
  std::string endpoint_;
  std::map<JobId, Job> jobs_;
  std::set<NodeId> workers_;
  bool knows_workers_ = false;
  std::jthread writing_;  // the newest checkpoint
  std::jthread thread_;
};

}  // namespace psmith::node
