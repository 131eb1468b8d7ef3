#include "store/key_cache.h"

namespace psmith::store {

std::shared_ptr<KnownList> KeyCache::find(std::size_t table,
                                          const wire::KeyList& name) const {
  const auto found = lists_.find(name_of(table, name));
  return found == lists_.end() ? nullptr : found->second;
}

bool KeyCache::keep(std::size_t table, const wire::KeyList& name,
                    std::shared_ptr<KnownList> list) {
  constexpr std::size_t kEntryBytes = 256;  // nodes and vectors, about
  const auto size = kEntryBytes + list->size() * (sizeof(std::uint64_t) +
                                                  sizeof(std::uint32_t));
  const auto known = lists_.find(name_of(table, name));
  if (known != lists_.end()) return known->second->mixed == list->mixed;
  if (bytes_ + size > byte_max_) return false;
  lists_.emplace(name_of(table, name), std::move(list));
  bytes_ += size;
  return true;
}

}  // namespace psmith::store
