// Borrowed and shared runs of bytes; little-endian loads and stores.
//
// ByteView borrows. Blob shares ownership of immutable bytes (a received
// frame, a mapped file, an owned vector), so that tensors cross threads and
// inproc sockets without a copy. Frames are not aligned: read them with
// load_le, memcpy or Values, never through a cast pointer. Any thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace psmith {

static_assert(std::endian::native == std::endian::little,
              "psmith stores little-endian and loads by memcpy");

using ByteView = std::span<const std::byte>;

inline ByteView as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// REQUIRES: bytes.size() >= offset + sizeof(T)
template <class T>
requires std::is_trivially_copyable_v<T> T load_le(ByteView bytes,
                                                   std::size_t offset = 0) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

// Immutable bytes with shared ownership; cheap to copy. Empty by default.
class Blob {
 public:
  Blob() = default;
  Blob(std::shared_ptr<const void> owner, ByteView bytes)
      : owner_(std::move(owner)), bytes_(bytes) {}

  // Takes the vector over, without a copy.
  template <class T>
  requires std::is_trivially_copyable_v<T>
  static Blob of(std::vector<T> values) {
    auto owner = std::make_shared<const std::vector<T>>(std::move(values));
    const auto bytes = std::as_bytes(std::span(*owner));
    return Blob(std::move(owner), bytes);
  }

  ByteView bytes() const { return bytes_; }
  std::size_t size() const { return bytes_.size(); }
  const std::shared_ptr<const void>& owner() const { return owner_; }

  // How many whole T fit.
  template <class T>
  std::size_t count() const {
    return bytes_.size() / sizeof(T);
  }

  // A copy as values; a tail shorter than T is left out.
  template <class T>
  requires std::is_trivially_copyable_v<T> std::vector<T> values()
  const {
    std::vector<T> out(count<T>());
    if (!out.empty()) {
      std::memcpy(out.data(), bytes_.data(), out.size() * sizeof(T));
    }
    return out;
  }

 private:
  std::shared_ptr<const void> owner_;
  ByteView bytes_;
};

// A blob as values: its own bytes where they lie aligned, else a copy. A tail
// shorter than T is left out.
template <class T>
requires std::is_trivially_copyable_v<T>
class Values {
 public:
  explicit Values(Blob blob) : blob_(std::move(blob)) {
    const auto* at = blob_.bytes().data();
    if (reinterpret_cast<std::uintptr_t>(at) % alignof(T) == 0) {
      view_ = {reinterpret_cast<const T*>(at), blob_.count<T>()};
    } else {
      copy_ = blob_.values<T>();
      view_ = copy_;
    }
  }
  Values(const Values&) = delete;
  Values& operator=(const Values&) = delete;

  std::span<const T> span() const { return view_; }

 private:
  Blob blob_;
  std::vector<T> copy_;
  std::span<const T> view_;
};

}  // namespace psmith
