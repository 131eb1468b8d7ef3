// PeerTable: a router's routing ids and the local numbers that stand for them.
//
// At most `size_max` peers, those last heard: a peer keeps its number however
// often its connection is cut, until as many others were heard after it. Then
// it is dropped, and gets a new number when it is heard again. Numbers are
// never reused. Pure; one thread.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/id.h"

namespace psmith::net {

class PeerTable {
 public:
  explicit PeerTable(std::size_t size_max) : size_max_(size_max) {}

  // The number of the peer with this routing id, who was heard just now.
  PeerId heard(std::string_view routing_id);

  std::optional<std::string_view> routing_id(PeerId peer) const;
  std::size_t size() const { return order_.size(); }

 private:
  struct Peer {
    PeerId id;
    std::string routing_id;
  };
  using Place = std::list<Peer>::iterator;
  void drop_first();

  const std::size_t size_max_;
  std::uint64_t next_id_ = 1;
  std::list<Peer> order_;  // least recent first; keys of by_name_ point here
  std::unordered_map<std::string_view, Place> by_name_;
  std::unordered_map<PeerId, Place> by_id_;
};

}  // namespace psmith::net
