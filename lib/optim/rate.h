// Learning-rate schedules: the rate of a step as a share of the first one.
//
//   constant  1
//   linear    1 - t            t = step / step_count, in [0, 1)
//   cosine    (1 + cos(pi t)) / 2        Loshchilov, Hutter 2017
//
// Where the number of steps is not known (0), every schedule is constant.
// Pure; any thread.
#pragma once

#include <cstdint>

#include "optim/optimizer.h"

namespace psmith::optim {

// In (0, 1]; the last value holds for steps past the end.
double share_at(Schedule schedule, std::uint64_t step,
                std::uint64_t step_count);

// The rate of step (counting from 0) of step_count; 0 steps means unknown.
// row_share: the step's rows / those of a full step, in (0, 1]. The mean over
// few rows moves the weights by that share; a sum does so by itself, and
// ftrl's rate is one for the whole job.
double rate_at(const Settings& s, std::uint64_t step, std::uint64_t step_count,
               double row_share = 1);

}  // namespace psmith::optim
