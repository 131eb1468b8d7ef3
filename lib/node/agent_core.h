// AgentCore: the decisions of a node's agent. Messages and time go in, actions
// come out, in order. See agent.h for the rules it keeps. Pure; one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "wire/message.h"

namespace psmith::node {

struct AgentSettings {
  wire::Join join;     // its incarnation is random for each process
  std::string master;  // for messages
  Duration timeout = std::chrono::seconds(60);  // without the first answer
  // Without another one; at least the time after which it is called silent.
  Duration reconnect = std::chrono::hours(1);
};

class AgentCore {
 public:
  enum class Way : std::uint8_t {
    queued,  // behind what waits for the connection
    alone,   // that is forgotten
    fresh,   // that too, and by a new connection
  };
  // To the master.
  struct Send {
    wire::Body body;
    Way way = Way::queued;
  };
  struct Joined {
    NodeId node;
  };
  struct Viewed {};  // view() is new
  struct Silent {};  // the master has not been heard for too long
  struct Heard {};   // it is back
  struct Fail {
    int status = 69;
    std::string text;
    bool reached = false;  // the master had answered before
  };
  using Action = std::variant<Send, Joined, Viewed, wire::StartJob,
                              wire::EndJob, Silent, Heard, Fail>;
  using Actions = std::vector<Action>;

  explicit AgentCore(AgentSettings settings);

  Actions start(Instant now);
  Actions on(Instant now, const wire::Message& message);
  Actions send(Instant now, wire::Body body);
  Actions leave();
  // progress: of the compute threads, for the heartbeat.
  Actions tick(Instant now, std::uint64_t progress);
  Instant next_deadline() const;

  NodeId node() const { return node_; }
  const wire::View& view() const { return view_; }
  bool over() const { return state_ == State::over; }

 private:
  // joining: the first time, or again for a master that does not know it.
  enum class State { idle, joining, joined, over };
  enum class Report { lane_done, job_failed, checkpoint_done };
  // The number is the lane's.
  using RepeatKey = std::tuple<JobId, Report, std::uint64_t>;
  struct Repeat {
    wire::Body body;
    std::uint64_t recovery = 0;
    Duration every;
    Instant next;
  };

  void turn(Instant now);
  void join(Instant now, Actions& out);
  void send_join(Way way, Actions& out) const;
  Way way_to_silent(Instant now);
  void take(const wire::JoinOk& ok, Actions& out);
  void take(Instant now, const wire::Refused& refused, Actions& out);
  void take(const wire::View& view, Actions& out);
  void take(const wire::StartJob& start, Actions& out);
  void take(const wire::EndJob& end, Actions& out);
  void fail(std::string text, Actions& out);
  void tick_joined(Instant now, std::uint64_t progress, Actions& out);
  Duration timeout() const {
    if (!reached_) return settings_.timeout;
    return std::max<Duration>(settings_.reconnect, heartbeat_ * liveness_);
  }

  const AgentSettings settings_;
  State state_ = State::idle;
  NodeId node_;               // in this life; 0 before the first
  std::uint64_t master_ = 0;  // incarnation of the one that gave it
  std::uint64_t start_ = 0;   // of that master
  std::uint64_t commit_ = 0;  // the newest that it told of
  wire::View view_;
  bool reached_ = false, silent_ = false;
  Instant heard_, connected_, last_turn_, join_next_, beat_next_;
  Duration join_wait_{}, heartbeat_ = std::chrono::seconds(1);
  std::uint32_t liveness_ = 4;
  std::map<RepeatKey, Repeat> repeats_;
};

}  // namespace psmith::node
