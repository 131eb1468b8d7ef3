// Key lists that a lane remembers, so that they travel once.
//
// A list is named by (dataset, shard, blocks, table); the lane keeps its share
// of the keys and the row numbers found so far. What does not fit is named with
// its keys every time. A full cache of a job of several epochs admits no more,
// for it will be asked for each list in turn; that of one epoch, which asks for
// a list while its step lasts, drops the oldest. The lane's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <tuple>

#include "store/known_list.h"
#include "wire/message.h"

namespace psmith::store {

class KeyCache {
 public:
  enum class Full : std::uint8_t { admits_no_more, drops_the_oldest };

  explicit KeyCache(std::size_t byte_max, Full full = Full::admits_no_more)
      : byte_max_(byte_max), full_(full) {}

  // The list, or null.
  std::shared_ptr<KnownList> find(std::size_t table,
                                  const wire::KeyList& name) const;
  // True if it is kept now, with these keys: the first list of a name stays.
  bool keep(std::size_t table, const wire::KeyList& name,
            std::shared_ptr<KnownList> list);
  void clear() {
    lists_.clear();
    order_.clear();
    bytes_ = 0;
  }

 private:
  using Name = std::tuple<std::uint64_t, std::size_t, std::uint32_t,
                          std::uint32_t, std::uint32_t>;
  static Name name_of(std::size_t table, const wire::KeyList& list) {
    return {list.dataset, table, list.shard, list.begin, list.end};
  }

  std::size_t byte_max_, bytes_ = 0;
  Full full_;
  std::map<Name, std::shared_ptr<KnownList>> lists_;
  std::deque<Name> order_;  // oldest first
};

}  // namespace psmith::store
