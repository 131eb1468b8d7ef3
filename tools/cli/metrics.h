// Metrics by name, from the sums as messages carry them. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/metric.h"
#include "model/model.h"

namespace psmith::cli {

using Metrics = std::vector<std::pair<std::string, double>>;

// model::metrics_of, the main one first. auc: negative or NaN when unknown.
// Empty when no row was seen.
Metrics metrics_of(model::Kind kind, const model::Sums& sums, double auc);
Metrics metrics_of(model::Kind kind, std::span<const double> sums, double auc);

}  // namespace psmith::cli
