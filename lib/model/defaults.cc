#include "model/defaults.h"

#include <algorithm>
#include <bit>

namespace psmith::model {

std::uint32_t default_block_rows(std::uint64_t rows) {
  constexpr std::uint64_t kBlocks = 320;
  const auto most =
      std::clamp<std::uint64_t>(rows / kBlocks, kBlockRowsMin, kBlockRowsMax);
  return static_cast<std::uint32_t>(std::bit_floor(most));
}

namespace {

constexpr std::string_view kOptimizer = "dog";

// Passes over the data: small data is brought to rest in some thousand steps,
// large data sees few passes. A linear model on dense data gets twice as many,
// so that the noise of its steps is small against that of the data.
std::uint64_t epochs_of(const Question& q) {
  const auto rows = std::max<std::uint64_t>(q.rows, 1);
  if (!q.model.dense) return std::clamp<std::uint64_t>(1000000 / rows, 3, 100);
  const std::uint64_t work = q.model.kind == Kind::linear ? 4000000 : 2000000;
  return std::clamp<std::uint64_t>(work / rows, 5, 100);
}

// Rows of a step, 16 blocks of the default size; more where steps are many.
std::uint64_t batch_rows_of(std::uint64_t rows) {
  const std::uint64_t blocks = rows < 1000000 ? 16 : rows < 4000000 ? 32 : 64;
  return blocks * default_block_rows(rows);
}

// Below 2 / L, for L the largest curvature that d standardised columns and a
// bias can have: d + 1 times that of the loss (1; 1/4; 1/2).
double sgd_rate_of(const Settings& model) {
  const double curvature = model.kind == Kind::linear     ? 1
                           : model.kind == Kind::logistic ? 0.25
                                                          : 0.5;
  if (!model.dense) return 0.05 / curvature;
  const auto d = static_cast<double>(model.column_count);
  return std::min(0.1, 1 / (d + 1)) / curvature;
}

}  // namespace

// Gradients are means and the rate falls to 0 as a cosine, but for ftrl
// (sums, constant). l2 is 1 / rows for classifiers: a weight of 1 costs as much
// as half a nat of one row; nothing for linear models, whose result is that of
// least squares.
Defaults defaults_for(const Question& q) {
  Defaults out;
  out.block_rows =
      q.block_rows != 0 ? q.block_rows : default_block_rows(q.rows);
  out.group_blocks = static_cast<std::uint32_t>(
      std::max<std::uint64_t>(1, batch_rows_of(q.rows) / out.block_rows));
  out.epochs = epochs_of(q);
  out.optimizer = q.optimizer.empty() ? kOptimizer : q.optimizer;
  out.schedule = "cosine";
  const bool linear = q.model.kind == Kind::linear;
  if (!linear && q.rows > 0) out.l2 = 1.0 / static_cast<double>(q.rows);
  if (out.optimizer == "sgd") {
    out.rate = sgd_rate_of(q.model);
    out.beta = 1;
  } else if (out.optimizer == "adagrad") {
    out.rate = 0.5;
    out.beta = 1;
  } else if (out.optimizer == "ftrl") {
    out.schedule = "constant";
    out.mean = false;
    out.rate = 0.1;
    out.beta = 1;
    out.l1 = linear ? 0 : 1;
    out.l2 = 0;
  } else {
    out.rate = linear ? 1 : 0.5;
    out.beta = 0.1;
  }
  return out;
}

}  // namespace psmith::model
