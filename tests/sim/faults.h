// The faults that can be planted, by name. Any thread.
#pragma once

#include <span>
#include <string_view>

#include "sim/scenario.h"

namespace psmith::sim {

struct Fault {
  std::string_view name;
  void (*plant)(Scenario& scenario);
};

std::span<const Fault> all_faults();

// Null: there is no such fault.
const Fault* find_fault(std::string_view name);

}  // namespace psmith::sim
