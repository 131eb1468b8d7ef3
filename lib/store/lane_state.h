// LaneState: all that one lane holds of a training job at a version, so that
// other lanes can go on from there with the same bits: a checkpoint. What
// follows from the job alone (the schedule, the step) is not in it, nor is what
// only reports use. Shares dense weights with the lane, which never changes
// them in place; values; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/metric.h"
#include "placement/placement.h"

namespace psmith::store {

struct LaneState {
  // One range of a dense tensor: floats (size).
  struct Part {
    placement::Range range;
    Blob weight;
    std::vector<Blob> slot;
    Blob best;  // of the best snapshot; empty if none is kept
  };
  // Rows of one table, by key ascending: U64 (n), floats (n, width).
  struct Rows {
    Blob key;
    Blob weight;
    std::vector<Blob> slot;
    Blob best;
  };

  std::uint64_t version = 0;
  std::vector<Part> dense;
  std::vector<Rows> table;
  model::Sums total;  // of all rows trained on
  // Evaluations and early stopping.
  bool has_best = false;
  double best_loss = 0;
  std::uint64_t best_version = 0, stale_evals = 0;
  // Of the evaluation that counts; only the lead's state has one.
  bool evaluated = false;
  model::Sums eval_sums;
  double eval_auc = -1;
};

}  // namespace psmith::store
