// Table: hashed rows, created on the first push. A row is `width` weights and
// their slots; its number never changes. Rows live in slabs of about 1 MiB, so
// they do not move when the table grows. First weights are 0. The lane's
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "placement/key.h"

namespace psmith::store {

class Table {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  Table(std::uint32_t width, std::size_t slot_count, float slot_init);

  std::uint32_t width() const { return width_; }
  std::size_t slot_count() const { return slot_count_; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(key_.size()); }

  // The row of a key, or kNone.
  std::uint32_t find(placement::Key key) const;
  std::uint32_t find_or_create(placement::Key key);
  // Frees the slots: the weights stay, no optimizer runs on them again.
  void drop_slots();

  placement::Key key_of(std::uint32_t row) const { return key_[row]; }
  float* weight(std::uint32_t row) {
    return slab_[row / slab_rows_].get() + (row % slab_rows_) * stride_;
  }
  const float* weight(std::uint32_t row) const {
    return slab_[row / slab_rows_].get() + (row % slab_rows_) * stride_;
  }
  float* slot(std::uint32_t row, std::size_t i) {
    return weight(row) + (i + 1) * width_;
  }

 private:
  void grow();

  std::uint32_t width_;
  std::size_t slot_count_, stride_;
  std::uint32_t slab_rows_;
  float slot_init_;
  std::vector<placement::Key> key_;   // by row
  std::vector<std::uint32_t> index_;  // open addressing: row + 1, 0 = empty
  std::vector<std::unique_ptr<float[]>> slab_;
};

}  // namespace psmith::store
