#include "net/peer_table.h"

namespace psmith::net {

PeerId PeerTable::heard(std::string_view routing_id) {
  const auto found = by_name_.find(routing_id);
  if (found != by_name_.end()) {
    order_.splice(order_.end(), order_, found->second);
    return found->second->id;
  }
  if (order_.size() >= size_max_) drop_first();
  order_.push_back({PeerId(next_id_++), std::string(routing_id)});
  const auto place = std::prev(order_.end());
  by_name_.emplace(place->routing_id, place);
  by_id_.emplace(place->id, place);
  return place->id;
}

std::optional<std::string_view> PeerTable::routing_id(PeerId peer) const {
  const auto found = by_id_.find(peer);
  if (found == by_id_.end()) return std::nullopt;
  return found->second->routing_id;
}

void PeerTable::drop_first() {
  const auto& first = order_.front();
  by_name_.erase(first.routing_id);
  by_id_.erase(first.id);
  order_.pop_front();
}

}  // namespace psmith::net
