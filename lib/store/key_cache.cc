#include "store/key_cache.h"

namespace psmith::store {
namespace {

std::size_t bytes_of(const KnownList& list) {
  constexpr std::size_t kEntryBytes = 256;  // nodes and vectors, about
  return kEntryBytes +
         list.size() * (sizeof(std::uint64_t) + sizeof(std::uint32_t));
}

}  // namespace

std::shared_ptr<KnownList> KeyCache::find(std::size_t table,
                                          const wire::KeyList& name) const {
  const auto found = lists_.find(name_of(table, name));
  return found == lists_.end() ? nullptr : found->second;
}

bool KeyCache::keep(std::size_t table, const wire::KeyList& name,
                    std::shared_ptr<KnownList> list) {
  const auto size = bytes_of(*list);
  const auto known = lists_.find(name_of(table, name));
  if (known != lists_.end()) return known->second->mixed == list->mixed;
  if (size > byte_max_) return false;
  while (full_ == Full::drops_the_oldest && bytes_ + size > byte_max_) {
    const auto oldest = lists_.find(order_.front());
    bytes_ -= bytes_of(*oldest->second);
    lists_.erase(oldest);
    order_.pop_front();
  }
  if (bytes_ + size > byte_max_) return false;
  list->kept = full_ == Full::admits_no_more;
  order_.push_back(name_of(table, name));
  lists_.emplace(order_.back(), std::move(list));
  bytes_ += size;
  return true;
}

}  // namespace psmith::store
