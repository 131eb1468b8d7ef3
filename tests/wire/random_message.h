// Messages with random content, from fields.h: for tests of encoding.
#pragma once

#include <limits>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "base/rng.h"
#include "wire/fields.h"

namespace psmith::wire {

// Small numbers half of the time: they are encoded in other ways.
template <class T>
T random_natural(Rng& rng) {
  const auto bits = rng.below(sizeof(T) * 8 + 1);
  return static_cast<T>(bits == 0 ? 0 : rng.next() >> (64 - bits));
}

template <class T>
void randomize(T& value, Rng& rng, int depth = 0) {
  if constexpr (kIsStruct<T>) {
    std::apply(
        [&](const auto&... field) {
          (randomize(value.*field.member, rng, depth + 1), ...);
        },
        Fields<T>::list);
  } else if constexpr (kIsVector<T>) {
    value.resize(rng.below(depth > 3 ? 2 : 4));
    for (auto& item : value) randomize(item, rng, depth + 1);
  } else if constexpr (kIsId<T>) {
    value = T(random_natural<std::uint64_t>(rng));
  } else if constexpr (std::is_enum_v<T>) {
    using Range = EnumRange<T>;
    value = static_cast<T>(Range::min + rng.below(Range::max - Range::min + 1));
  } else if constexpr (std::is_same_v<T, std::string>) {
    value.assign(rng.below(rng.below(8) == 0 ? 300 : 9), 'a');
    for (auto& c : value) c = static_cast<char>(rng.below(256));
  } else if constexpr (std::is_same_v<T, bool>) {
    value = rng.below(2) == 1;
  } else if constexpr (std::is_floating_point_v<T>) {
    value = static_cast<T>(rng.normal() * 1e6);
  } else {
    value = random_natural<T>(rng);
  }
}

template <class T>
bool same(const T& a, const T& b) {
  if constexpr (kIsStruct<T>) {
    return std::apply(
        [&](const auto&... field) {
          return (same(a.*field.member, b.*field.member) && ...);
        },
        Fields<T>::list);
  } else if constexpr (kIsVector<T>) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!same(a[i], b[i])) return false;
    }
    return true;
  } else {
    return a == b;
  }
}

inline bool same_body(const Body& a, const Body& b) {
  return a.index() == b.index() && std::visit(
                                       [&](const auto& left) {
                                         using T = std::decay_t<decltype(left)>;
                                         return same(left, std::get<T>(b));
                                       },
                                       a);
}

template <std::size_t I = 0>
void random_bodies(Rng& rng, std::vector<Body>& out) {
  if constexpr (I < std::variant_size_v<Body>) {
    std::variant_alternative_t<I, Body> message;
    randomize(message, rng);
    out.emplace_back(std::move(message));
    random_bodies<I + 1>(rng, out);
  }
}

// One of each type.
inline std::vector<Body> random_bodies(Rng& rng) {
  std::vector<Body> out;
  random_bodies<0>(rng, out);
  return out;
}

}  // namespace psmith::wire
