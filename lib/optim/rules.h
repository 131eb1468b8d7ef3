// The update rules, one file each; make_optimizer() chooses and checks.
//
// soft(x, t) = sgn(x) max(|x| - t, 0), the proximal step of t |x|.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>

#include "optim/optimizer.h"

namespace psmith::optim {

std::unique_ptr<const Optimizer> make_sgd(const Settings& settings);
std::unique_ptr<const Optimizer> make_adagrad(const Settings& settings);
std::unique_ptr<const Optimizer> make_ftrl(const Settings& settings);
std::unique_ptr<const Optimizer> make_dog(const Settings& settings);

// Added to beta: a gradient whose square is 0 in float moves nothing.
inline constexpr float kTiny = 1e-19F;

inline float soft(float x, float t) {
  return std::copysign(std::max(std::fabs(x) - t, 0.0F), x);
}

}  // namespace psmith::optim
