// What a training job does where nobody says: stated functions of the model
// and the number of rows, never of the machine (psctl(1) prints the same
// rules). Pure; any thread.
//
// The optimizer is given by its words (optim/optimizer.h reads them): this
// module stands below optim.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/model.h"

namespace psmith::model {

inline constexpr std::uint32_t kBlockRowsMin = 4, kBlockRowsMax = 128;

// Rows of a micro-batch: the largest power of two that cuts `rows` into at
// least 320 blocks (20 groups of 16), between 4 and 128. Sparse shards fix it
// when they are written, so it knows nothing of the model.
std::uint32_t default_block_rows(std::uint64_t rows);

// How a job trains. The words are those of the options.
struct Defaults {
  std::string_view optimizer, schedule;
  double rate = 0, beta = 0, l1 = 0, l2 = 0;
  bool mean = true;
  std::uint64_t epochs = 1;
  std::uint32_t block_rows = 1;    // dense data; sparse data has its own
  std::uint32_t group_blocks = 1;  // M
};

struct Question {
  Settings model;
  std::uint64_t rows = 0;        // training rows
  std::uint32_t block_rows = 0;  // where they are given; 0: the default
  std::string_view optimizer{};  // where it is given; "": the default
};

// The rules stand in defaults.cc. An unknown optimizer gets the settings of
// the default one (make_optimizer's caller refuses its name).
Defaults defaults_for(const Question& question);

}  // namespace psmith::model
