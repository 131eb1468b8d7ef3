// What an evaluation reads: blocks of rows in one fixed order, labels as class
// indices of a model. From a dataset's shards, or from raw input. One thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "console.h"
#include "data/saved_model.h"
#include "interrupt.h"
#include "raw_input.h"
#include "tensor/batch.h"

namespace psmith::cli {

struct EvaluationData {
  std::vector<std::string> data;  // one dataset folder, or raw files, or "-"
  std::string part = "auto";      // auto, train, holdout, all
  RawInput raw;
};

// Calls `take` with each block. Returns what was read, for people: "holdout,
// 1,611 rows". Throws Failure: 65 bad data, or data of another shape than the
// model's; 66 missing.
std::string read_blocks(const EvaluationData& data,
                        const data::SavedModel& model, Console& console,
                        const Interrupt& interrupt,
                        const std::function<void(tensor::Batch&)>& take);

}  // namespace psmith::cli
