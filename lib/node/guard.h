// What a thread's work throws, as the Failure that ends the process: nothing
// may leave a thread. Any thread.
#pragma once

#include <exception>
#include <new>
#include <optional>

#include "base/format.h"
#include "base/result.h"

namespace psmith::node {

// Runs fn. Nothing: it threw nothing.
template <class Fn>
std::optional<Failure> failure_of(Fn&& fn) {
  constexpr int kInternal = 70;
  try {
    fn();
    return std::nullopt;
  } catch (const Failure& failure) {
    return failure;
  } catch (const std::bad_alloc&) {
    return Failure(kInternal, Error{Code::exhausted, "out of memory"});
  } catch (const std::exception& fault) {
    return Failure(kInternal,
                   error(Code::corrupt, "internal fault: {}", fault.what()));
  }
}

}  // namespace psmith::node
