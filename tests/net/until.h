// Turns a reactor until something holds; false after 20 seconds without it.
#pragma once

#include <functional>

#include "net/reactor.h"

namespace psmith::net {

inline bool until(Reactor& reactor, const std::function<bool()>& holds) {
  const auto deadline = reactor.now() + std::chrono::seconds(20);
  while (!holds()) {
    if (reactor.now() > deadline) return false;
    reactor.turn(std::chrono::milliseconds(50));
  }
  return true;
}

}  // namespace psmith::net
