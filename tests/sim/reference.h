// The bits a job must end with: computed step by step in one loop, with one
// lane's weights and no messages.
#pragma once

#include <map>
#include <vector>

#include "sim/scenario.h"

namespace psmith::sim {

struct Outcome {
  std::vector<std::vector<float>> dense;
  std::map<std::uint64_t, std::vector<float>> rows;  // by key; not all zero
  std::uint64_t best_version = 0;
  double trained_weight = 0;  // of all rows that steps were made of
};

// The same bits, not the same values: NaN equals NaN, 0 differs from -0.
bool same_bits(const Outcome& a, const Outcome& b);

Outcome reference(const wire::JobSpec& spec, const Data& data);

}  // namespace psmith::sim
