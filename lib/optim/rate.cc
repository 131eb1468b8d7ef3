#include "optim/rate.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace psmith::optim {

double share_at(Schedule schedule, std::uint64_t step,
                std::uint64_t step_count) {
  if (step_count == 0) return 1;
  const auto at = std::min(step, step_count - 1);
  const double t = static_cast<double>(at) / static_cast<double>(step_count);
  switch (schedule) {
    case Schedule::constant:
      return 1;
    case Schedule::linear:
      return 1 - t;
    case Schedule::cosine:
      return 0.5 * (1 + std::cos(std::numbers::pi * t));
  }
  return 1;
}

double rate_at(const Settings& s, std::uint64_t step, std::uint64_t step_count,
               double row_share) {
  return s.rate * share_at(s.schedule, step, step_count) *
         (s.mean && s.rule != Rule::ftrl ? row_share : 1);
}

}  // namespace psmith::optim
