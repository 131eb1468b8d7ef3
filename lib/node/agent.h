// Agent: what a server or worker process shares on the control plane.
//
// It joins the master (with retries), beats with the view it has and the
// progress of the compute threads, joins again when the master does not know
// it, and notices a silent master. One that was started anew with its journal
// gives the node the number that it has: then nothing changes here. LaneDone
// and JobFailed are sent again each second, the newest CheckpointDone of a lane
// every ten, until the job's EndJob or a StartJob of a higher recovery number.
//
// A node answers every StartJob with StartJobOk once it is ready to work on
// it, workers too; the master repeats the StartJob until it is. on_joined comes
// again when the master had given this node up, or was started anew and does
// not remember it: then every job held here is void, and must be dropped before
// more callbacks come.
//
// Lives on the node's main reactor: everything but post() is for its thread,
// and the callbacks come on it. The decisions are in agent_core.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "wire/message.h"

namespace psmith::net {
class Context;
class Reactor;
}  // namespace psmith::net

namespace psmith::node {

struct AgentOptions {
  wire::Role role = wire::Role::worker;
  std::string name;    // for people; empty: the master makes one up
  std::string master;  // where it listens: "tcp://host:port", "inproc://name"
  std::vector<std::string> addresses;  // server: one per lane; worker: one
  std::uint32_t threads = 1;
  // Without a master: give up, before it was reached and after.
  Duration timeout = std::chrono::seconds(60);
  Duration reconnect = std::chrono::hours(1);
  const std::atomic<std::uint64_t>* progress = nullptr;  // work units done
};

struct AgentCallbacks {
  std::function<void(NodeId)> on_joined;
  std::function<void(const wire::View&)> on_view;
  // A job to work on: new; or known, with a higher recovery number (start
  // again from version 0); or known and unchanged (a resend: answer again).
  std::function<void(const wire::JobRecord&)> on_start_job;
  // May come for a job that this node does not know, and more than once.
  std::function<void(const wire::EndJob&)> on_end_job;
  // The master has not answered for its liveness (true), or is back (false).
  // Work with other nodes goes on meanwhile.
  std::function<void(bool)> on_silent;
  // The process should end with failure.status: no master for too long (69),
  // another wire version or arithmetic (69). Comes once; nothing comes after.
  std::function<void(const Failure&)> on_failed;
};

class Agent {
 public:
  // The reactor and the context outlive the agent.
  Agent(net::Context& context, net::Reactor& reactor, AgentOptions options,
        AgentCallbacks callbacks);
  ~Agent();  // sends nothing: leave() first
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // Begins to join. Throws Failure (2) if the master's address is malformed.
  void start();

  // To the master: Progress, Note, LaneDone, StartJobOk, JobFailed,
  // CheckpointDone. Fields called `node` are filled in here. While there is no
  // master, what is not repeated is dropped.
  void send(wire::Body body);
  // send() from any thread.
  void post(wire::Body body);

  // Says goodbye; after it nothing more is sent and no callback comes. The
  // sockets' linger delivers it.
  void leave();

  NodeId node() const;  // 0 before the first join
  const wire::View& view() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace psmith::node
