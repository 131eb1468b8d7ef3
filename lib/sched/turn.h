// Turn: the time at which the coordinator is asked, and what it answers. The
// rest of the world's time is Unix milliseconds, for people; every decision is
// made by `now`. Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "wire/message.h"

namespace psmith::sched {

struct Turn {
  Instant now;
  std::uint64_t time_ms = 0;  // Unix time
};

// What the coordinator wants done, in this order.
struct Send {
  PeerId to;
  wire::Message message;
};
using Effects = std::vector<Send>;

inline wire::Refused refused(std::string code, std::string text,
                             JobId job = {}) {
  wire::Refused out;
  out.code = std::move(code);
  out.text = std::move(text);
  out.job = job;
  return out;
}

}  // namespace psmith::sched
