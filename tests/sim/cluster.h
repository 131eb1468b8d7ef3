// A whole cluster in one thread, from a seed: the real coordinator, lanes and
// worker cores over a fake network with virtual time. A connection keeps its
// order; connections are delayed against each other at will. A crash takes the
// process and a random tail of what it had sent.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "sim/reference.h"
#include "sim/scenario.h"

namespace psmith::sim {

struct Verdict {
  bool finished = false;
  std::string reason;  // why not
  Outcome outcome;
  std::uint64_t messages = 0;
  std::uint64_t releases = 0;  // runs of leaves that were leased again
  double virtual_s = 0;
  // From the loss of a worker until its leaves were leased again.
  std::vector<Duration> noticed;
  // Refused for want of a row that weighs something.
  bool weightless() const {
    return reason.find("has weight 0") != std::string::npos;
  }
};

// trace: one line per event on stderr.
Verdict simulate(const Scenario& scenario, const Data& data, bool trace);

}  // namespace psmith::sim
