// Coordinator: the master's decisions as a state machine. Messages and time go
// in, messages to send come out, in order; it owns no socket, thread, file or
// clock.
//
// It composes membership (who is alive), the runner (what becomes of jobs)
// and the event log (what happened, and who follows it). Every message of a
// peer counts as a sign of life. Whatever a peer sends, the coordinator stays
// within the limits of settings.h and answers or ignores it.
// The owner calls tick() when next_deadline() has come. One thread.
#pragma once

#include <optional>

#include "base/clock.h"
#include "base/id.h"
#include "sched/event_log.h"
#include "sched/membership.h"
#include "sched/record.h"
#include "sched/recorder.h"
#include "sched/runner.h"
#include "sched/settings.h"
#include "sched/turn.h"
#include "wire/message.h"

namespace psmith::sched {

class Coordinator {
 public:
  // saved: what the journal holds, which may be nothing; null: there is none,
  // and there are no records.
  Coordinator(Settings settings, Turn start, const Saved* saved = nullptr);
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  Effects on(Turn turn, PeerId from, const wire::Message& message);
  Effects tick(Turn turn);
  // What must be durable before the effects of the turns since the last call
  // (and of the start) are sent.
  Records records();
  // Instant::max() if nothing is due.
  Instant next_deadline() const;

  const Membership& members() const { return members_; }
  const EventLog& log() const { return log_; }

 private:
  // One for each kind of message; the answer goes to the peer at once.
  void handle(Turn turn, PeerId from, const wire::Join& join);
  void handle(Turn turn, PeerId from, const wire::Heartbeat& beat);
  void handle(Turn turn, PeerId from, const wire::Leave& leave);
  void handle(Turn turn, PeerId from, const wire::Note& note);
  void handle(Turn turn, PeerId from, const wire::Watch& watch);
  void handle(Turn turn, PeerId from, const wire::Nodes& nodes);
  void handle(Turn turn, PeerId from, const wire::Jobs& jobs);
  void handle(Turn turn, PeerId from, const wire::Refused&) {
    (void)this, (void)turn, (void)from;  // never answered: no ping-pong
  }
  // StartJobOk, JobFailed, Progress, LaneDone, CheckpointDone.
  template <class Report>
  void report(Turn turn, PeerId from, const Report& report);

  void begin(Turn turn);
  Effects finish(Turn turn);
  void sign(wire::Body& body) const;
  void answer(PeerId to, wire::Body body);
  void unknown(PeerId to);
  void gone(Turn turn, const Member& member, const char* how);
  void joined(Turn turn, const Member& member);
  void begin_anew(Turn turn, const wire::Join& join);
  std::uint64_t commit() const;
  void expire(Turn turn);
  void node_event(Turn turn, const Member& member, const char* how);

  Settings settings_;
  const std::uint64_t start_id_;
  const Instant start_;
  Instant last_turn_;
  Membership members_;
  EventLog log_;
  Followers followers_;
  Runner runner_;
  std::optional<Recorder> recorder_;
  Records records_;
  Effects effects_;
  std::uint64_t view_sent_ = 0;
};

}  // namespace psmith::sched
