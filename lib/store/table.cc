#include "store/table.h"

#include <algorithm>
#include <bit>
#include <new>

#include "base/check.h"

namespace psmith::store {

using placement::Key;
using placement::mixed;

namespace {

constexpr std::size_t kSlabBytes = std::size_t{1} << 20;

std::uint32_t slab_rows_of(std::size_t stride) {
  const auto rows =
      kSlabBytes / (sizeof(float) * std::max<std::size_t>(stride, 1));
  return static_cast<std::uint32_t>(
      std::bit_floor(std::clamp<std::size_t>(rows, 1, 1U << 14)));
}

}  // namespace

Table::Table(std::uint32_t width, std::size_t slot_count, float slot_init)
    : width_(width),
      slot_count_(slot_count),
      stride_(width * (1 + slot_count)),
      slab_rows_(slab_rows_of(stride_)),
      slot_init_(slot_init),
      index_(1024) {}

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
  if (row % slab_rows_ == 0) {
    slab_.push_back(std::make_unique<float[]>(slab_rows_ * stride_));
  }
  key_.push_back(key);
  std::fill_n(weight(row) + width_, width_ * slot_count_, slot_init_);
  const auto mask = index_.size() - 1;
  auto at = mixed(key) & mask;
  while (index_[at] != 0) at = (at + 1) & mask;
  index_[at] = row + 1;
  return row;
}

void Table::drop_slots() {
  if (slot_count_ == 0) return;
  for (auto& slab : slab_) {  // to the front, which no row overtakes
    for (std::uint32_t row = 1; row < slab_rows_; ++row) {
      const float* const from = slab.get() + row * stride_;
      std::copy(from, from + width_, slab.get() + std::size_t{row} * width_);
    }
  }
  slot_count_ = 0;
  stride_ = width_;
  for (auto& slab : slab_) {  // smaller where there is memory to make it so
    const auto size = std::size_t{slab_rows_} * width_;
    std::unique_ptr<float[]> smaller(new (std::nothrow) float[size]);
    if (!smaller) return;
    std::copy_n(slab.get(), size, smaller.get());
    slab = std::move(smaller);
  }
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
