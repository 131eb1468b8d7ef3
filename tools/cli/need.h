// need(): a value, or the Failure that data's errors end a command with. One
// thread.
#pragma once

#include <utility>

#include "base/result.h"
#include "data/input.h"
#include "interrupt.h"
#include "status.h"

namespace psmith::cli {

// Throws Failure: 1 when it was interrupted, else the status of the error.
template <class T>
T need(Result<T> result, const Interrupt& interrupt) {
  if (!result) {
    if (interrupt.requested()) {
      throw Failure(kFailed, {Code::unavailable, "interrupted"});
    }
    const int status = data::exit_status(result.error());
    throw Failure(status, result.error());
  }
  return std::move(*result);
}

}  // namespace psmith::cli
