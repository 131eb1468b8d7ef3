#include "store/table.h"

#include <algorithm>

#include "base/check.h"

namespace psmith::store {

using placement::Key;
using placement::mixed;

Table::Table(std::uint32_t width, std::size_t slot_count, float slot_init)
    : width_(width),
      slot_count_(slot_count),
      stride_(width * (1 + slot_count)),
      slot_init_(slot_init),
      index_(1024) {}

std::size_t Table::bytes() const {
  return key_.capacity() * sizeof(Key) + index_.size() * sizeof(std::uint32_t) +
         slab_.size() * kSlabRows * stride_ * sizeof(float);
}

std::uint32_t Table::find(Key key) const {
  const auto mask = index_.size() - 1;
  for (auto at = mixed(key) & mask;; at = (at + 1) & mask) {
    if (index_[at] == 0) return kNone;
    if (key_[index_[at] - 1] == key) return index_[at] - 1;
  }
}

std::uint32_t Table::find_or_create(Key key) {
  const auto found = find(key);
  if (found != kNone) return found;
  if ((key_.size() + 1) * 2 > index_.size()) grow();
  const auto row = size();
  PSM_CHECK(row < kNone - 1, "a lane holds fewer than 2^32 rows of a table");
  if (row % kSlabRows == 0) {
    slab_.push_back(std::make_unique<float[]>(kSlabRows * stride_));
  }
  key_.push_back(key);
  std::fill_n(weight(row) + width_, width_ * slot_count_, slot_init_);
  const auto mask = index_.size() - 1;
  auto at = mixed(key) & mask;
  while (index_[at] != 0) at = (at + 1) & mask;
  index_[at] = row + 1;
  return row;
}

void Table::grow() {
  std::vector<std::uint32_t> bigger(index_.size() * 2);
  const auto mask = bigger.size() - 1;
  for (std::uint32_t row = 0; row < size(); ++row) {
    auto at = mixed(key_[row]) & mask;
    while (bigger[at] != 0) at = (at + 1) & mask;
    bigger[at] = row + 1;
  }
  index_ = std::move(bigger);
}

}  // namespace psmith::store
