#include "metrics.h"

#include <algorithm>
#include <optional>

namespace psmith::cli {

using model::Sums;

Metrics metrics_of(model::Kind kind, const Sums& sums, double auc) {
  Metrics out;
  if (!(sums[Sums::weight] > 0)) return out;
  const auto known = auc >= 0 ? std::optional<double>(auc) : std::nullopt;
  for (const auto& [name, value] : model::metrics_of(kind, sums, known)) {
    out.emplace_back(name, value);
  }
  return out;
}

Metrics metrics_of(model::Kind kind, std::span<const double> values,
                   double auc) {
  Sums sums;
  const auto count = std::min(values.size(), sums.value.size());
  std::copy_n(values.begin(), count, sums.value.begin());
  return metrics_of(kind, sums, auc);
}

}  // namespace psmith::cli
