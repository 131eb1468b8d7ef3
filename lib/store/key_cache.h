// Key lists that a lane remembers, so that they travel once.
//
// A list is named by (dataset, shard, blocks, table); the lane keeps its share
// of the keys and the row numbers found so far. A full cache admits no more
// (cyclic epochs would defeat LRU): what does not fit is named with its keys
// every time. The lane's thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <tuple>

#include "store/known_list.h"
#include "wire/message.h"

namespace psmith::store {

class KeyCache {
 public:
  explicit KeyCache(std::size_t byte_max) : byte_max_(byte_max) {}

  // The list, or null.
  std::shared_ptr<KnownList> find(std::size_t table,
                                  const wire::KeyList& name) const;
  // True if it is kept now, with these keys: the first list of a name stays.
  bool keep(std::size_t table, const wire::KeyList& name,
            std::shared_ptr<KnownList> list);
  void clear() {
    lists_.clear();
    bytes_ = 0;
  }

 private:
  using Name = std::tuple<std::uint64_t, std::size_t, std::uint32_t,
                          std::uint32_t, std::uint32_t>;
  static Name name_of(std::size_t table, const wire::KeyList& list) {
    return {list.dataset, table, list.shard, list.begin, list.end};
  }

  std::size_t byte_max_, bytes_ = 0;
  std::map<Name, std::shared_ptr<KnownList>> lists_;
};

}  // namespace psmith::store
