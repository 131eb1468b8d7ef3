// Table: hashed rows, created on the first push. A row is `width` weights and
// their slots; its number never changes. Rows live in slabs of 1 to 2 MiB (huge
// pages, where they fill one well), so they do not move when the table grows.
// First weights are 0.
//
// The index is one open table for each bucket, in the order of the mixed key,
// so a sorted key list walks through it once, from front to back. The lane's
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "placement/key.h"
#include "store/known_list.h"

namespace psmith::store {

class Table {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  Table(std::uint32_t width, std::size_t slot_count, float slot_init);

  std::uint32_t width() const { return width_; }
  std::size_t slot_count() const { return slot_count_; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(key_.size()); }

  // The row of a key, or kNone.
  std::uint32_t find(placement::Key key) const {
    return find_mixed(placement::mixed(key));
  }
  // Fills in the rows that are known now.
  void find(KnownList& list) const;
  // Fills in all rows; creates those that are missing.
  void find_or_create(KnownList& list);
  // Frees the slots: the weights stay, no optimizer runs on them again.
  void drop_slots();

  placement::Key key_of(std::uint32_t row) const { return key_[row]; }
  float* weight(std::uint32_t row) {
    return slab_[row >> slab_shift_].get() + (row & slab_mask_) * stride_;
  }
  const float* weight(std::uint32_t row) const {
    return slab_[row >> slab_shift_].get() + (row & slab_mask_) * stride_;
  }
  float* slot(std::uint32_t row, std::size_t i) {
    return weight(row) + (i + 1) * width_;
  }

 private:
  struct Entry {
    std::uint64_t mixed;
    std::uint32_t row;  // kNone: free
  };
  struct Unmap {
    std::size_t bytes = 0;
    void operator()(float* slab) const;
  };
  using Slab = std::unique_ptr<float[], Unmap>;
  static Slab new_slab(std::size_t floats);

  struct Bucket {
    std::vector<Entry> entry;  // a power of two of them, at most 3/4 in use
    unsigned shift = 0;
    std::size_t used = 0;

    std::size_t home(std::uint64_t mixed) const {
      return (mixed << placement::kBucketBits) >> shift;
    }
    void place(const Entry& added);
    void grow();
  };

  const Bucket& bucket(std::uint64_t mixed) const {
    return index_[placement::bucket_of_mixed(mixed)];
  }
  std::uint32_t find_mixed(std::uint64_t mixed) const;
  std::uint32_t create(std::uint64_t mixed);

  std::uint32_t width_;
  std::size_t slot_count_, stride_;
  unsigned slab_shift_;
  std::uint32_t slab_mask_;
  float slot_init_;
  std::vector<placement::Key> key_;  // by row
  std::vector<Bucket> index_;        // kBucketCount
  std::vector<Slab> slab_;
};

}  // namespace psmith::store
