// KeyMap<T>: 64-bit keys to 32-bit values, made once and asked often.
//
// Where keys are small numbers it is an array by key; else a table of open
// addressing by mixed key, 0.6 full, in the order of the mixed keys' top bits.
// Keys are asked for many at a time, so that the memory of later ones is
// fetched while earlier ones are compared. 20 bytes a key, or at most 16 of an
// array. Const after construction; any thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "base/check.h"
#include "base/huge.h"
#include "placement/key.h"

namespace psmith::node {

template <class T>
class KeyMap {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) == 4);

 public:
  KeyMap() = default;  // of no key at all

  // value_of(i): what keys[i] has; absent: what all others have.
  // REQUIRES: keys ascend
  template <class Value>
  KeyMap(std::span<const std::uint64_t> keys, Value value_of, T absent)
      : absent_(absent) {
    if (keys.empty()) return;
    if (keys.back() < 4 * keys.size() + 4096) {
      fill(value_, static_cast<std::size_t>(keys.back()) + 1, absent);
      for (std::size_t i = 0; i < keys.size(); ++i) {
        value_[static_cast<std::size_t>(keys[i])] = value_of(i);
      }
      return;
    }
    while (empty_ < keys.size() && keys[empty_] == empty_) ++empty_;
    const auto size = keys.size() + keys.size() * 2 / 3 + 1;
    fill(key_, size, empty_);
    fill(value_, size, absent);
    for (std::size_t i = 0; i < keys.size(); i += kAhead) {
      const auto n = std::min(kAhead, keys.size() - i);
      const auto homes = homes_of(keys.subspan(i, n));
      for (std::size_t j = 0; j < n; ++j) {
        const auto slot = probe(keys[i + j], homes[j]);
        PSM_CHECK(key_[slot] == empty_, "keys ascend");
        key_[slot] = keys[i + j];
        value_[slot] = value_of(i + j);
      }
    }
  }

  // out[i]: what keys[i] has. REQUIRES: equal sizes
  void find(std::span<const std::uint64_t> keys, std::span<T> out) const {
    PSM_CHECK(keys.size() == out.size(), "room for every key");
    if (key_.empty()) return find_direct(keys, out);
    for (std::size_t i = 0; i < keys.size(); i += kAhead) {
      const auto n = std::min(kAhead, keys.size() - i);
      find_some(keys.subspan(i, n), out.subspan(i, n));
    }
  }

 private:
  static constexpr std::size_t kAhead = 64;

  template <class V>
  static void fill(std::vector<V>& values, std::size_t size, V value) {
    values.reserve(size);
    advise_huge(values.data(), size * sizeof(V));
    values.assign(size, value);
  }

  std::size_t home(std::uint64_t key) const {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::size_t>(
        (static_cast<Wide>(placement::mixed(key)) * key_.size()) >> 64U);
  }

  // Where the key is, or else the empty slot that ends the search for it.
  std::size_t probe(std::uint64_t key, std::size_t slot) const {
    while (key_[slot] != key && key_[slot] != empty_) {
      if (++slot == key_.size()) slot = 0;
    }
    return slot;
  }

  void find_direct(std::span<const std::uint64_t> keys,
                   std::span<T> out) const {
    const auto size = value_.size();
    for (std::size_t i = 0; i < keys.size(); ++i) {
      out[i] =
          keys[i] < size ? value_[static_cast<std::size_t>(keys[i])] : absent_;
    }
  }

  // Where the searches begin; that memory is on its way then.
  std::array<std::size_t, kAhead> homes_of(
      std::span<const std::uint64_t> keys) const {
    std::array<std::size_t, kAhead> homes;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      homes[i] = home(keys[i]);
      __builtin_prefetch(key_.data() + homes[i]);
      __builtin_prefetch(value_.data() + homes[i]);
    }
    return homes;
  }

  void find_some(std::span<const std::uint64_t> keys, std::span<T> out) const {
    const auto homes = homes_of(keys);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      out[i] = value_[probe(keys[i], homes[i])];
    }
  }

  std::vector<std::uint64_t> key_;  // empty: value_ is by key
  std::vector<T> value_;            // by slot; of an empty one absent_
  std::uint64_t empty_ = 0;         // in key_: no key's slot
  T absent_{};
};

}  // namespace psmith::node
