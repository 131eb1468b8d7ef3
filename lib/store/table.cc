#include "store/table.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <utility>

#include "base/check.h"
#include "base/huge.h"

namespace psmith::store {
namespace {

constexpr std::size_t kSlabBytes = kHugePage;
constexpr std::size_t kBucketMin = 8;  // entries
// Lookups this far ahead are fetched: about the misses a core has in flight.
constexpr std::size_t kAhead = 16;

std::uint32_t slab_rows_of(std::size_t stride) {
  const auto rows =
      kSlabBytes / (sizeof(float) * std::max<std::size_t>(stride, 1));
  return static_cast<std::uint32_t>(
      std::bit_floor(std::clamp<std::size_t>(rows, 1, 1U << 17)));
}

// Zeros. Null: no memory.
float* new_slab(std::size_t floats) {
  const auto size = (floats * sizeof(float) + kHugePage - 1) / kHugePage;
  void* const slab = std::aligned_alloc(kHugePage, size * kHugePage);
  if (slab == nullptr) return nullptr;
  advise_huge(slab, size * kHugePage);
  std::memset(slab, 0, floats * sizeof(float));
  return static_cast<float*>(slab);
}

}  // namespace

Table::Table(std::uint32_t width, std::size_t slot_count, float slot_init)
    : width_(width),
      slot_count_(slot_count),
      stride_(width * (1 + slot_count)),
      slab_shift_(
          static_cast<unsigned>(std::countr_zero(slab_rows_of(stride_)))),
      slab_mask_((1U << slab_shift_) - 1),
      slot_init_(slot_init),
      index_(placement::kBucketCount) {
  for (auto& bucket : index_) bucket.grow();
}

std::uint32_t Table::find_mixed(std::uint64_t mixed) const {
  const auto& in = bucket(mixed);
  const auto mask = in.entry.size() - 1;
  for (auto at = in.home(mixed);; at = (at + 1) & mask) {
    const auto& entry = in.entry[at];
    if (entry.row == kNone || entry.mixed == mixed) return entry.row;
  }
}

void Table::find(KnownList& list) const {
  if (list.resolved) return;
  const auto n = list.size();
  bool all = true;
  for (std::size_t i = 0; i < n; ++i) {
    if (i + kAhead < n) {
      const auto next = list.mixed[i + kAhead];
      const auto& in = bucket(next);
      __builtin_prefetch(in.entry.data() + in.home(next));
    }
    if (list.row[i] == kNone) list.row[i] = find_mixed(list.mixed[i]);
    all &= list.row[i] != kNone;
  }
  list.resolved = all;
}

void Table::find_or_create(KnownList& list) {
  find(list);
  if (list.resolved) return;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list.row[i] != kNone) continue;
    list.row[i] = find_mixed(list.mixed[i]);
    if (list.row[i] == kNone) list.row[i] = create(list.mixed[i]);
  }
  list.resolved = true;
}

// REQUIRES: the key has no row
std::uint32_t Table::create(std::uint64_t mixed) {
  const auto row = size();
  PSM_CHECK(row < kNone - 1, "a lane holds fewer than 2^32 rows of a table");
  if ((row & slab_mask_) == 0) {
    slab_.emplace_back(new_slab((std::size_t{1} << slab_shift_) * stride_));
    if (!slab_.back()) {
      slab_.pop_back();
      throw std::bad_alloc();
    }
  }
  key_.push_back(placement::unmixed(mixed));
  if (slot_init_ != 0) {
    std::fill_n(weight(row) + width_, width_ * slot_count_, slot_init_);
  }
  auto& in = index_[placement::bucket_of_mixed(mixed)];
  if ((in.used + 1) * 4 > in.entry.size() * 3) in.grow();
  in.place({mixed, row});
  return row;
}

void Table::Bucket::place(const Entry& added) {
  const auto mask = entry.size() - 1;
  auto at = home(added.mixed);
  while (entry[at].row != kNone) at = (at + 1) & mask;
  entry[at] = added;
  ++used;
}

void Table::Bucket::grow() {
  const auto size = std::max(kBucketMin, entry.size() * 2);
  const auto old = std::exchange(entry, std::vector<Entry>(size, {0, kNone}));
  shift = static_cast<unsigned>(64 - std::countr_zero(size));
  used = 0;
  for (const auto& e : old) {
    if (e.row != kNone) place(e);
  }
}

void Table::drop_slots() {
  if (slot_count_ == 0) return;
  const auto rows = std::size_t{1} << slab_shift_;
  for (auto& slab : slab_) {  // to the front, which no row overtakes
    for (std::size_t row = 1; row < rows; ++row) {
      const float* const from = slab.get() + row * stride_;
      std::copy(from, from + width_, slab.get() + row * width_);
    }
  }
  slot_count_ = 0;
  stride_ = width_;
  for (auto& slab : slab_) {  // smaller where there is memory to make it so
    const auto bytes = rows * width_ * sizeof(float);
    if (auto* smaller = std::realloc(slab.get(), bytes)) {
      (void)slab.release();
      slab.reset(static_cast<float*>(smaller));
    }
  }
}

}  // namespace psmith::store
