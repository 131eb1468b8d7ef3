#include "sim/faults.h"

#include <algorithm>
#include <array>

namespace psmith::sim {
namespace {

constexpr auto kFaults = std::to_array<Fault>({
    {"no_duplicate_check",
     [](Scenario& s) { s.faults.no_duplicate_check = true; }},
    {"add_covered", [](Scenario& s) { s.faults.add_covered = true; }},
    {"drop_version_early",
     [](Scenario& s) { s.faults.drop_version_early = true; }},
    {"accept_stale", [](Scenario& s) { s.faults.accept_stale = true; }},
    {"send_first", [](Scenario& s) { s.master_faults.send_first = true; }},
    {"forget_master",
     [](Scenario& s) { s.master_faults.forget_master = true; }},
    {"forget_nodes", [](Scenario& s) { s.master_faults.forget_nodes = true; }},
    {"forget_jobs", [](Scenario& s) { s.master_faults.forget_jobs = true; }},
});

}  // namespace

std::span<const Fault> all_faults() { return kFaults; }

const Fault* find_fault(std::string_view name) {
  const auto found = std::ranges::find(kFaults, name, &Fault::name);
  return found == kFaults.end() ? nullptr : &*found;
}

}  // namespace psmith::sim
