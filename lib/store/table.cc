#include "store/table.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdint>
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
      std::bit_floor(std::clamp<std::size_t>(rows, 1, 1U << 19)));
}

}  // namespace

void Table::Unmap::operator()(float* slab) const { ::munmap(slab, bytes); }

// Zeros, at the start of a huge page. What it was mapped with besides is given
// back. Throws bad_alloc.
Table::Slab Table::new_slab(std::size_t floats) {
  const auto used = floats * sizeof(float);
  const auto bytes = (used + kHugePage - 1) / kHugePage * kHugePage;
  void* const all = ::mmap(nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED) throw std::bad_alloc();
  auto* const begin = static_cast<std::byte*>(all);
  const auto address = reinterpret_cast<std::uintptr_t>(all);
  const auto skip = (kHugePage - address % kHugePage) % kHugePage;
  if (skip > 0) ::munmap(begin, skip);
  ::munmap(begin + skip + bytes, kHugePage - skip);
  if (used * 4 >= bytes * 3) advise_huge(begin + skip, bytes);
  return Slab(reinterpret_cast<float*>(begin + skip), Unmap{bytes});
}

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
    slab_.push_back(new_slab((std::size_t{1} << slab_shift_) * stride_));
  }
  auto& in = index_[placement::bucket_of_mixed(mixed)];
  if ((in.used + 1) * 4 > in.entry.size() * 3) in.grow();
  key_.push_back(placement::unmixed(mixed));
  if (slot_init_ != 0) {
    std::fill_n(weight(row) + width_, width_ * slot_count_, slot_init_);
  }
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
  constexpr std::size_t kPage = 4096;
  const auto used = (rows * width_ * sizeof(float) + kPage - 1) / kPage * kPage;
  for (auto& slab : slab_) {  // the rest goes back to the system
    const auto bytes = slab.get_deleter().bytes;
    auto* const rest = reinterpret_cast<std::byte*>(slab.get()) + used;
    if (used < bytes) ::madvise(rest, bytes - used, MADV_DONTNEED);
  }
}

}  // namespace psmith::store
