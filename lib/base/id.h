// Id<Tag>: numbers that name things of one kind and do not mix with others.
// 0 means "none". Any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace psmith {

template <class Tag>
class Id {
 public:
  constexpr Id() = default;
  constexpr explicit Id(std::uint64_t value) : value_(value) {}
  constexpr std::uint64_t value() const { return value_; }
  constexpr explicit operator bool() const { return value_ != 0; }
  friend constexpr auto operator<=>(Id, Id) = default;

 private:
  std::uint64_t value_ = 0;
};

using NodeId = Id<struct NodeTag>;  // one life of one process
using JobId = Id<struct JobTag>;
using PeerId = Id<struct PeerTag>;  // the far end of a socket, local number

}  // namespace psmith

template <class Tag>
struct std::hash<psmith::Id<Tag>> {
  std::size_t operator()(psmith::Id<Tag> id) const noexcept {
    return std::hash<std::uint64_t>{}(id.value());
  }
};
