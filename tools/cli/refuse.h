// refuse: ends the command because what was asked for contradicts itself, the
// data or the configuration. "\nhint: ..." in the message is a second line.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"
#include "status.h"

namespace psmith::cli {

[[noreturn]] inline void refuse(int status, std::string message) {
  throw Failure(status, {Code::invalid, std::move(message)});
}

[[noreturn]] inline void refuse(std::string message) {
  refuse(kUsage, std::move(message));
}

}  // namespace psmith::cli
