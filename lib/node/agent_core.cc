#include "node/agent_core.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "base/format.h"

namespace psmith::node {
namespace {

constexpr Duration kJoinWaitMin = std::chrono::milliseconds(100);
constexpr Duration kJoinWaitMax = std::chrono::seconds(2);
// What a new connection has to come about, before the next is tried.
constexpr Duration kConnect = std::chrono::seconds(3);
constexpr Duration kRepeat = std::chrono::seconds(1);
constexpr Duration kCheckpointRepeat = std::chrono::seconds(10);

std::int64_t seconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

// A message whose sender it names.
template <class T>
concept Signed = requires(T body) {
  body.node = NodeId();
};

}  // namespace

AgentCore::AgentCore(AgentSettings settings) : settings_(std::move(settings)) {}

AgentCore::Actions AgentCore::start(Instant now) {
  Actions out;
  heard_ = last_turn_ = now;
  join(now, out);
  return out;
}

// A process that was stopped (SIGSTOP) or starved has heard nobody: it gives
// that time back before it judges. It is asked again each heartbeat, or
// sooner than kJoinWaitMax while it joins.
void AgentCore::turn(Instant now) {
  const auto away = now - last_turn_ - std::max(heartbeat_, kJoinWaitMax);
  if (away > Duration::zero()) heard_ += away;
  last_turn_ = std::max(last_turn_, now);
}

// Asks for a place in the cluster. A master that knows this incarnation, or
// finds it in its journal, answers with the number that the node has: then its
// life goes on, and meanwhile its work does.
void AgentCore::join(Instant now, Actions& out) {
  state_ = State::joining;
  connected_ = now;  // what was refused, was heard
  join_wait_ = kJoinWaitMin;
  join_next_ = now + join_wait_;
  send_join(Way::alone, out);
}

// After a long cut TCP tries the old connection once in minutes, and a master
// that was started anew waits for its nodes no longer than sched::kReturn. One
// that was heard has shown that it worked: the next may follow it at once.
AgentCore::Way AgentCore::way_to_silent(Instant now) {
  if (heard_ <= connected_ && now - connected_ < kConnect) return Way::alone;
  connected_ = now;
  return Way::fresh;
}

void AgentCore::send_join(Way way, Actions& out) const {
  auto join = settings_.join;
  join.master = master_;
  join.start = start_;
  join.commit = commit_;
  out.emplace_back(Send{.body = std::move(join), .way = way});
}

AgentCore::Actions AgentCore::on(Instant now, const wire::Message& message) {
  Actions out;
  if (state_ == State::over || state_ == State::idle) return out;
  turn(now);
  // No master says that: where nobody listens at a port that TCP itself gives
  // away, it may connect this node to itself.
  if (std::holds_alternative<wire::Join>(message.body) ||
      std::holds_alternative<wire::Heartbeat>(message.body)) {
    return out;
  }
  heard_ = now;
  reached_ = true;
  if (std::exchange(silent_, false)) out.emplace_back(Heard{});
  std::visit(
      [&]<class T>(const T& body) {
        if constexpr (std::is_same_v<T, wire::Refused>) {
          take(now, body, out);
        } else if constexpr (std::is_same_v<T, wire::JoinOk>) {
          beat_next_ = now;
          take(body, out);
        } else if constexpr (std::is_same_v<T, wire::View> ||
                             std::is_same_v<T, wire::StartJob> ||
                             std::is_same_v<T, wire::EndJob>) {
          if (state_ == State::joined) take(body, out);
        } else if constexpr (std::is_same_v<T, wire::HeartbeatOk>) {
          commit_ = std::max(commit_, body.commit);
        }
      },
      message.body);
  return out;
}

void AgentCore::take(const wire::JoinOk& ok, Actions& out) {
  if (state_ != State::joining || !ok.node) return;
  state_ = State::joined;
  const bool same_life = node_ == ok.node && master_ == ok.incarnation;
  if (!same_life) {  // what a master knew of the last one is void
    view_ = {};
    repeats_.clear();
  }
  start_ = ok.start;
  commit_ = ok.commit;
  node_ = ok.node;
  master_ = ok.incarnation;
  heartbeat_ = std::chrono::milliseconds(
      std::clamp<std::uint64_t>(ok.heartbeat_ms, 10, 60'000));
  liveness_ = std::clamp<std::uint32_t>(ok.liveness, 1, 100);
  if (!same_life) out.emplace_back(Joined{node_});
}

void AgentCore::take(Instant now, const wire::Refused& refused, Actions& out) {
  if (refused.code == "wire_version" || refused.code == "fingerprint" ||
      (refused.code == "invalid" && state_ == State::joining)) {
    fail(format("master {} refuses this node: {}", settings_.master,
                refused.text),
         out);
  } else if (refused.code == "unknown_node" && state_ == State::joined) {
    join(now, out);
  }
}

void AgentCore::take(const wire::View& view, Actions& out) {
  if (view.number <= view_.number) return;
  view_ = view;
  out.emplace_back(Viewed{});
}

void AgentCore::take(const wire::StartJob& start, Actions& out) {
  commit_ = std::max(commit_, start.commit);
  std::erase_if(repeats_, [&](const auto& each) {
    return std::get<JobId>(each.first) == start.record.job &&
           each.second.recovery < start.record.recovery;
  });
  out.emplace_back(start);
}

void AgentCore::take(const wire::EndJob& end, Actions& out) {
  std::erase_if(repeats_, [&](const auto& each) {
    return std::get<JobId>(each.first) == end.job;
  });
  out.emplace_back(end);
}

AgentCore::Actions AgentCore::send(Instant now, wire::Body body) {
  Actions out;
  if (state_ == State::over || !node_) return out;
  std::visit(
      [&]<class T>(T& each) {
        if constexpr (Signed<T>) each.node = node_;
        if constexpr (std::is_same_v<T, wire::LaneDone>) {
          repeats_[{each.job, Report::lane_done, each.lane}] = {
              each, each.recovery, kRepeat, now + kRepeat};
        } else if constexpr (std::is_same_v<T, wire::JobFailed>) {
          repeats_[{each.job, Report::job_failed, 0}] = {
              each, each.recovery, kRepeat, now + kRepeat};
        } else if constexpr (std::is_same_v<T, wire::CheckpointDone>) {
          // The newest of a lane: the older ones are of no use by then.
          repeats_[{each.job, Report::checkpoint_done, each.lane}] = {
              each, each.recovery, kCheckpointRepeat, now + kCheckpointRepeat};
        }
      },
      body);
  if (state_ == State::joined) out.emplace_back(Send{.body = std::move(body)});
  return out;
}

AgentCore::Actions AgentCore::leave() {
  Actions out;
  if (state_ == State::joined) {
    out.emplace_back(Send{.body = wire::Leave{node_}});
  }
  state_ = State::over;
  return out;
}

void AgentCore::fail(std::string text, Actions& out) {
  state_ = State::over;
  out.emplace_back(Fail{.text = std::move(text), .reached = reached_});
}

// ---- time -----------------------------------------------------------------

AgentCore::Actions AgentCore::tick(Instant now, std::uint64_t progress) {
  Actions out;
  if (state_ == State::over || state_ == State::idle) return out;
  turn(now);
  if (now - heard_ >= timeout()) {
    const auto limit = seconds(timeout());
    fail(reached_
             ? format("master {} was silent for {} s", settings_.master, limit)
             : format("cannot reach master {} within {} s", settings_.master,
                      limit),
         out);
  } else if (state_ == State::joined) {
    tick_joined(now, progress, out);
  } else if (now >= join_next_) {
    join_wait_ = std::min(join_wait_ * 2, kJoinWaitMax);
    join_next_ = now + join_wait_;
    send_join(way_to_silent(now), out);
  }
  return out;
}

void AgentCore::tick_joined(Instant now, std::uint64_t progress, Actions& out) {
  if (!silent_ && now - heard_ > heartbeat_ * liveness_) {
    silent_ = true;
    out.emplace_back(Silent{});
  }
  if (now >= beat_next_) {
    beat_next_ = now + heartbeat_;
    out.emplace_back(Send{.body = wire::Heartbeat{.node = node_,
                                                  .view = view_.number,
                                                  .progress = progress},
                          .way = silent_ ? way_to_silent(now) : Way::queued});
  }
  for (auto& [key, repeat] : repeats_) {
    if (now < repeat.next) continue;
    repeat.next = now + repeat.every;
    if (!silent_) out.emplace_back(Send{.body = repeat.body});
  }
}

Instant AgentCore::next_deadline() const {
  if (state_ == State::over || state_ == State::idle) return Instant::max();
  auto next = heard_ + timeout();
  if (state_ == State::joining) return std::min(next, join_next_);
  next = std::min(next, beat_next_);
  for (const auto& [key, repeat] : repeats_) {
    next = std::min(next, repeat.next);
  }
  return next;
}

}  // namespace psmith::node
