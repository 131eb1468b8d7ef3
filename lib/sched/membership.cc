#include "sched/membership.h"

#include <algorithm>
#include <utility>

#include "base/format.h"
#include "sched/text.h"

namespace psmith::sched {
namespace {

bool well_formed(const wire::Join& join) {
  const bool role =
      join.role == wire::Role::server || join.role == wire::Role::worker;
  const bool lanes = join.role != wire::Role::server || !join.addresses.empty();
  return role && lanes && join.incarnation != 0 &&
         join.addresses.size() <= kLanePerNodeMax &&
         join.fingerprint.size() <= kNameMax &&
         std::all_of(join.addresses.begin(), join.addresses.end(),
                     [](const std::string& address) {
                       const auto host = address.find("://");
                       return host != std::string::npos && host > 0 &&
                              host + 3 < address.size() &&
                              address.size() <= kTextMax &&
                              one_line(address, kTextMax) == address;
                     });
}

wire::NodeInfo info_of(const Member& member) {
  return {.node = member.node,
          .role = member.role,
          .name = member.name,
          .addresses = member.addresses,
          .lanes = member.lanes,
          .threads = member.threads};
}

}  // namespace

wire::NodeEntry entry_of(const Member& member) {
  return {.info = info_of(member), .incarnation = member.incarnation};
}

std::variant<Membership::Joined, wire::Refused> Membership::join(
    Instant now, PeerId peer, const wire::Join& join, Standing standing) {
  if (join.wire_version != settings_.wire_version) {
    return refused("wire_version",
                   format("the master speaks wire version {}, not {}",
                          settings_.wire_version, join.wire_version));
  }
  if (!well_formed(join)) {
    return refused("invalid", "a join without a role, addresses or a number");
  }
  if (!members_.empty() && join.fingerprint != fingerprint_) {
    // Those of a journal may never come back: the first that joins decides.
    const bool absent =
        std::none_of(members_.begin(), members_.end(),
                     [](const auto& each) { return each.second.peer; });
    return refused(absent ? "busy" : "fingerprint",
                   format("its arithmetic ({}) differs from the cluster's "
                          "({}): use the same build everywhere",
                          one_line(join.fingerprint, kNameMax), fingerprint_));
  }
  Joined out;
  const bool same_life =
      join.master == 0 ||
      (join.master == standing.incarnation && standing.complete);
  if (const auto known = by_incarnation_.find(join.incarnation);
      known != by_incarnation_.end() && !same_life) {
    out.replaced.push_back(members_.at(known->second));
    remove(known->second);
  } else if (known != by_incarnation_.end()) {
    auto& member = members_.at(known->second);
    if (member.peer != peer) set_peer(member, peer, out);
    member.heard = now;
    out.node = member.node;
    return out;
  }
  if (const auto* other = by_peer(peer)) {
    out.replaced.push_back(*other);
    remove(other->node);
  }
  if (members_.size() >= kNodeMax) {
    return refused("busy", format("the cluster has {} nodes", kNodeMax));
  }
  out.fresh = true;
  out.node = add(now, peer, join).node;
  return out;
}

void Membership::set_peer(Member& member, PeerId peer, Joined& out) {
  if (const auto* other = by_peer(peer)) {
    out.replaced.push_back(*other);
    remove(other->node);
  }
  out.back = !member.peer;
  by_peer_.erase(member.peer);
  by_peer_[peer] = member.node;
  member.peer = peer;
}

Member& Membership::add(Instant now, PeerId peer, const wire::Join& join) {
  if (members_.empty()) fingerprint_ = one_line(join.fingerprint, kNameMax);
  Member member;
  member.node = NodeId(++node_last_);
  member.peer = peer;
  member.incarnation = join.incarnation;
  member.role = join.role;
  member.name = one_line(join.name, kNameMax);
  if (member.name.empty()) {
    member.name =
        format("{}-{}", join.role == wire::Role::server ? "server" : "worker",
               member.node.value());
  }
  member.addresses = join.addresses;
  member.threads = join.threads;
  member.heard = now;
  if (join.role == wire::Role::server) {
    for (std::size_t i = 0; i < join.addresses.size(); ++i) {
      member.lanes.push_back(++lane_last_);
    }
  }
  by_peer_[peer] = member.node;
  by_incarnation_[join.incarnation] = member.node;
  ++view_;
  return members_[member.node] = std::move(member);
}

void Membership::heard(Instant now, PeerId peer) {
  const auto found = by_peer_.find(peer);
  if (found != by_peer_.end()) members_.at(found->second).heard = now;
}

void Membership::set_progress(NodeId node, std::uint64_t progress) {
  const auto found = members_.find(node);
  if (found != members_.end()) found->second.progress = progress;
}

void Membership::remove(NodeId node) {
  const auto found = members_.find(node);
  if (found == members_.end()) return;
  by_peer_.erase(found->second.peer);
  by_incarnation_.erase(found->second.incarnation);
  members_.erase(found);
  ++view_;
}

std::vector<Member> Membership::expire(Instant now) {
  std::vector<Member> gone;
  next_expiry_ = Instant::max();
  for (const auto& [node, member] : members_) {
    const auto until = member.heard + silence_max();
    if (now > until) {
      gone.push_back(member);
    } else {
      next_expiry_ = std::min(next_expiry_, until + Duration(1));
    }
  }
  for (const auto& member : gone) remove(member.node);
  return gone;
}

void Membership::shift(Duration by) {
  for (auto& [node, member] : members_) member.heard += by;
}

const Member* Membership::by_peer(PeerId peer) const {
  const auto found = by_peer_.find(peer);
  return found == by_peer_.end() ? nullptr : by_node(found->second);
}

const Member* Membership::by_node(NodeId node) const {
  const auto found = members_.find(node);
  return found == members_.end() ? nullptr : &found->second;
}

std::size_t Membership::count(wire::Role role) const {
  return nodes(role).size();
}

std::vector<NodeId> Membership::nodes(wire::Role role) const {
  std::vector<NodeId> out;
  for (const auto& [node, member] : members_) {
    if (member.role == role) out.push_back(node);
  }
  return out;
}

std::vector<wire::LaneInfo> Membership::lanes() const {
  std::vector<wire::LaneInfo> out;
  for (const auto& [node, member] : members_) {
    for (std::size_t i = 0; i < member.lanes.size(); ++i) {
      out.push_back({.lane = member.lanes[i],
                     .node = node,
                     .address = member.addresses[i]});
    }
  }
  return out;
}

wire::MasterEntry Membership::numbers() const {
  wire::MasterEntry out;
  out.view = view_;
  out.node = node_last_;
  out.lane = lane_last_;
  out.fingerprint = fingerprint();
  return out;
}

void Membership::restore(Instant now, const Saved& saved) {
  view_ = saved.master.view;
  node_last_ = saved.master.node;
  lane_last_ = saved.master.lane;
  fingerprint_ = saved.master.fingerprint;
  for (const auto& [id, entry] : saved.nodes) {
    Member member;
    member.node = id;
    member.incarnation = entry.incarnation;
    member.role = entry.info.role;
    member.name = entry.info.name;
    member.addresses = entry.info.addresses;
    member.lanes = entry.info.lanes;
    member.threads = entry.info.threads;
    member.heard = now + std::max(Duration::zero(), kReturn - silence_max());
    by_incarnation_[member.incarnation] = id;
    members_[id] = std::move(member);
  }
}

wire::View Membership::view(Instant now) const {
  wire::View view;
  view.number = view_;
  for (const auto& [node, member] : members_) {
    const auto silent = std::chrono::duration_cast<std::chrono::milliseconds>(
        now - member.heard);
    auto& info = view.nodes.emplace_back(info_of(member));
    info.silent_ms =
        static_cast<std::uint64_t>(std::max<std::int64_t>(0, silent.count()));
    info.progress = member.progress;
  }
  return view;
}

}  // namespace psmith::sched
