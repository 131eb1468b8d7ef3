#include "sim/faults.h"

#include <algorithm>
#include <array>

namespace psmith::sim {
namespace {

constexpr auto kFaults = std::to_array<Fault>({
    {"no_duplicate_check",
     [](Scenario& s) { s.faults.no_duplicate_check = true; }},
    {"add_covered", [](Scenario& s) { s.faults.add_covered = true; }},
    {"add_held", [](Scenario& s) { s.faults.add_held = true; }},
    {"drop_version_early",
     [](Scenario& s) { s.faults.drop_version_early = true; }},
    {"accept_stale", [](Scenario& s) { s.faults.accept_stale = true; }},
    {"send_first", [](Scenario& s) { s.master_faults.send_first = true; }},
    {"forget_master",
     [](Scenario& s) { s.master_faults.forget_master = true; }},
    {"forget_nodes", [](Scenario& s) { s.master_faults.forget_nodes = true; }},
    {"forget_jobs", [](Scenario& s) { s.master_faults.forget_jobs = true; }},
    {"same_recovery",
     [](Scenario& s) { s.master_faults.same_recovery = true; }},
    {"keep_old_life", [](Scenario& s) { s.node_faults.keep_old_life = true; }},
    {"skip_views", [](Scenario& s) { s.node_faults.skip_views = true; }},
    {"never_ask", [](Scenario& s) { s.node_faults.never_ask = true; }},
    {"flip_bit", [](Scenario& s) { s.node_faults.flip_bit = true; }},
    {"forget_slots", [](Scenario& s) { s.node_faults.forget_slots = true; }},
    {"forget_piece", [](Scenario& s) { s.node_faults.forget_piece = true; }},
});

}  // namespace

std::span<const Fault> all_faults() { return kFaults; }

const Fault* find_fault(std::string_view name) {
  const auto found = std::ranges::find(kFaults, name, &Fault::name);
  return found == kFaults.end() ? nullptr : &*found;
}

}  // namespace psmith::sim
