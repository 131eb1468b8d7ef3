// Membership: the servers and workers that are alive, and the numbered view of
// them.
//
// A node is one incarnation of a process: joining again with the same
// incarnation changes nothing but the peer it is reached by, unless it was in
// another cluster since, or knows of things that are not in this journal: then
// what it holds is not what this master knows of, and it is a new node. Node
// and lane numbers grow and are never used again. The first node to join fixes
// the fingerprint of the arithmetic until the last one has gone. A node that
// was not heard of for liveness heartbeats has expired. Pure; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/id.h"
#include "sched/record.h"
#include "sched/settings.h"
#include "sched/turn.h"
#include "wire/message.h"

namespace psmith::sched {

struct Member {
  NodeId node;
  PeerId peer;  // 0: it has not come back since the master was started anew
  std::uint64_t incarnation = 0;
  wire::Role role = wire::Role::worker;
  std::string name;
  std::vector<std::string> addresses;
  std::vector<std::uint64_t> lanes;  // servers: one for each address
  std::uint32_t threads = 0;
  std::uint64_t progress = 0;
  Instant heard;
};
wire::NodeEntry entry_of(const Member& member);

// Of the master's journal: whose it is, and whether it has all that a node that
// joins was told of.
struct Standing {
  std::uint64_t incarnation = 0;
  bool complete = true;
};

class Membership {
 public:
  explicit Membership(Settings settings) : settings_(std::move(settings)) {}

  struct Joined {
    NodeId node;
    bool fresh = false;            // not a repetition
    bool back = false;             // it is of the time before the restart
    std::vector<Member> replaced;  // what this peer was before
  };
  std::variant<Joined, wire::Refused> join(Instant now, PeerId peer,
                                           const wire::Join& join,
                                           Standing standing = {});

  // Any message counts.
  void heard(Instant now, PeerId peer);
  void set_progress(NodeId node, std::uint64_t progress);

  // Takes a node, or those that have expired, out of the view.
  void remove(NodeId node);
  std::vector<Member> expire(Instant now);
  // When the next one does, or sooner; as of the last expire().
  Instant next_expiry() const { return next_expiry_; }
  // The master itself was away for this long: nobody could be heard.
  void shift(Duration by);

  // Null if there is no such node. Valid until the next change.
  const Member* by_peer(PeerId peer) const;
  const Member* by_node(NodeId node) const;

  bool empty() const { return members_.empty(); }
  // Of the arithmetic that joins must have; empty while nobody is here.
  std::string fingerprint() const { return empty() ? "" : fingerprint_; }
  const std::map<NodeId, Member>& all() const { return members_; }
  std::size_t count(wire::Role role) const;
  std::vector<NodeId> nodes(wire::Role role) const;
  // The lanes of all servers, in the order of their numbers.
  std::vector<wire::LaneInfo> lanes() const;

  // For the journal: the newest of every number given here, and the
  // fingerprint. From the journal: its nodes have kReturn to be heard.
  // REQUIRES: nobody joined
  wire::MasterEntry numbers() const;
  void restore(Instant now, const Saved& saved);

  std::uint64_t view_number() const { return view_; }
  wire::View view(Instant now) const;
  Duration silence_max() const {
    return settings_.heartbeat * settings_.liveness;
  }

 private:
  Member& add(Instant now, PeerId peer, const wire::Join& join);
  void set_peer(Member& member, PeerId peer, Joined& out);

  const Settings settings_;
  std::map<NodeId, Member> members_;
  std::map<PeerId, NodeId> by_peer_;
  std::map<std::uint64_t, NodeId> by_incarnation_;
  std::string fingerprint_;
  Instant next_expiry_ = Instant::max();
  std::uint64_t node_last_ = 0, lane_last_ = 0, view_ = 0;
};

}  // namespace psmith::sched
