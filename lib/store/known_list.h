// KnownList: a key list as a lane keeps it: sorted mixed keys, and the rows of
// its table that were found for them. Shared by the key cache, by sums and by
// pulls that wait. The lane's thread.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/key.h"

namespace psmith::store {

struct KnownList {
  std::vector<std::uint64_t> mixed;  // strictly ascending (placement/key.h)
  std::vector<std::uint32_t> row;    // Table::kNone where not known yet
  bool resolved = false;             // every row is known
  bool kept = false;  // for as long as its job: it will come again

  std::size_t size() const { return mixed.size(); }
};

}  // namespace psmith::store
