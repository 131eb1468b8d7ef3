// EventLog: the newest events of the cluster, numbered from 1 as they come
// (a restart skips some numbers), and the peers that follow them.
//
// It keeps at most kEventMax events. Plain progress goes first: at most
// kEventPlainMax of them are kept, and when the log is full the oldest plain
// one makes room unless few are left. Pure; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "base/id.h"
#include "sched/turn.h"
#include "wire/message.h"

namespace psmith::sched {

class EventLog {
 public:
  enum class Keep { always, plain };

  // Numbers and keeps the event; its text is cut to one line.
  void append(Turn turn, wire::Event event, Keep keep = Keep::always);

  // Events after `after_seq` of `job` (0: of all), at most kEventBatchMax.
  wire::EventsOk after(std::uint64_t after_seq, JobId job) const;

  std::uint64_t last_seq() const { return last_seq_; }

  // For the journal: the events that are not plain. Pointers are valid until
  // the next append.
  std::vector<const wire::Event*> lasting_after(std::uint64_t seq) const;
  std::uint64_t oldest_lasting() const;  // its seq; last_seq() + 1 if none is
  // From the journal. REQUIRES: nothing was appended
  void restore(std::uint64_t last_seq,
               const std::map<std::uint64_t, wire::Event>& lasting);

 private:
  void evict();

  std::map<std::uint64_t, wire::Event> events_;  // by seq
  std::deque<std::uint64_t> plain_, lasting_;    // seqs of plain events; others
  std::uint64_t last_seq_ = 0;
};

// Who follows, and how far each was sent.
class Followers {
 public:
  // The first answer, which may be empty; nothing: there are too many.
  std::optional<wire::EventsOk> follow(Instant now, PeerId peer,
                                       const wire::Watch& watch,
                                       const EventLog& log);
  void leave(PeerId peer) { followers_.erase(peer); }
  // Forgets those that were silent since before `oldest`.
  void expire(Instant oldest);
  void shift(Duration by);
  bool empty() const { return followers_.empty(); }

  // What is new for each of them, as EventsOk.
  Effects take(const EventLog& log);

 private:
  struct Follower {
    std::uint64_t sent_seq = 0;
    JobId job;
    Instant heard;
  };
  static wire::EventsOk advance(Follower& follower, const EventLog& log);

  std::map<PeerId, Follower> followers_;
};

}  // namespace psmith::sched
