// Where a decoded value goes: a member of a struct, or an element of a vector,
// with its type erased so that the decoder walks any struct of fields.h alike.
// Part of codec.cc. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "wire/fields.h"

namespace psmith::wire {

struct Value {
  enum class Kind { natural, negative, real, truth, text };
  Kind kind = Kind::natural;
  std::uint64_t natural = 0;
  std::int64_t negative = 0;
  double real = 0;
  bool truth = false;
  std::string_view text{};
};

struct Ops;
// A place for a value; without ops the value is skipped.
struct Slot {
  void* object = nullptr;
  const Ops* ops = nullptr;
};
// What can be done at a place; null where it cannot.
struct Ops {
  bool (*set)(void* object, const Value& value) = nullptr;
  void (*clear)(void* object) = nullptr;  // maps, arrays: as when fresh
  Slot (*element)(void* object) = nullptr;
  std::size_t element_bytes = 0;
  Slot (*member)(void* object, std::uint64_t number) = nullptr;  // maps
};

template <class T>
constexpr const Ops& ops_of();

template <class T>
bool set_number(T& target, const Value& value) {
  if constexpr (std::is_same_v<T, bool>) {
    target = value.truth;
    return value.kind == Value::Kind::truth;
  } else if constexpr (std::is_floating_point_v<T>) {
    switch (value.kind) {
      case Value::Kind::real:
        target = static_cast<T>(value.real);
        return true;
      case Value::Kind::natural:
        target = static_cast<T>(value.natural);
        return true;
      case Value::Kind::negative:
        target = static_cast<T>(value.negative);
        return true;
      default:
        return false;
    }
  } else {
    static_assert(std::is_unsigned_v<T>);
    target = static_cast<T>(value.natural);
    return value.kind == Value::Kind::natural && target == value.natural;
  }
}

template <class T>
bool set_scalar(void* object, const Value& value) {
  auto& target = *static_cast<T*>(object);
  if constexpr (std::is_same_v<T, std::string>) {
    if (value.kind != Value::Kind::text) return false;
    target = value.text;
    return true;
  } else if constexpr (kIsId<T>) {
    target = T(value.natural);
    return value.kind == Value::Kind::natural;
  } else if constexpr (std::is_enum_v<T>) {
    if (value.kind != Value::Kind::natural ||
        value.natural < EnumRange<T>::min ||
        value.natural > EnumRange<T>::max) {
      return false;
    }
    target = static_cast<T>(value.natural);
    return true;
  } else {
    return set_number(target, value);
  }
}

template <class T>
Slot slot_of(T& target) {
  return {&target, &ops_of<T>()};
}

template <class T>
Slot find_member(void* object, std::uint64_t number) {
  auto& target = *static_cast<T*>(object);
  Slot slot;
  const auto offer = [&](const auto& field) {
    if (field.number == number) slot = slot_of(target.*field.member);
  };
  std::apply([&](const auto&... field) { (offer(field), ...); },
             Fields<T>::list);
  return slot;
}

template <class T>
constexpr Ops make_ops() {
  Ops ops;
  if constexpr (kIsStruct<T>) {
    ops.clear = [](void* object) { *static_cast<T*>(object) = T{}; };
    ops.member = find_member<T>;
  } else if constexpr (kIsVector<T>) {
    ops.clear = [](void* object) { static_cast<T*>(object)->clear(); };
    ops.element = [](void* object) {
      return slot_of(static_cast<T*>(object)->emplace_back());
    };
    ops.element_bytes = sizeof(typename T::value_type);
  } else {
    ops.set = set_scalar<T>;
  }
  return ops;
}

template <class T>
inline constexpr Ops kOps = make_ops<T>();

template <class T>
constexpr const Ops& ops_of() {
  return kOps<T>;
}

}  // namespace psmith::wire
