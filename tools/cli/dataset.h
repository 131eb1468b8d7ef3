// The data of a training job: a dataset folder as it is, or raw input split
// into a temporary one. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "console.h"
#include "data/manifest.h"
#include "interrupt.h"
#include "raw_input.h"

namespace psmith::cli {

struct Dataset {
  std::filesystem::path folder;  // absolute
  data::Manifest manifest;
};

struct SplitChoice {
  RawInput raw;
  double holdout = 0;
  std::string by;                 // even, random, weight; "": random
  std::uint64_t shards = 0;       // 0: by the rows
  std::uint64_t micro_batch = 0;  // 0: by the number of rows
  std::uint64_t seed = 0;
};

class Datasets {
 public:
  Datasets(Console& console, const Interrupt& interrupt)
      : console_(console), interrupt_(interrupt) {}

  // data: one dataset folder, or raw files, or "-". like: raw input is
  // preprocessed with this schema, and must have its columns. Throws Failure:
  // 65 bad data, 66 missing, 74 a temporary file cannot be written.
  Dataset open(const std::vector<std::string>& data, const SplitChoice& choice,
               const data::Schema* like = nullptr);

 private:
  Dataset split_raw(const std::vector<std::string>& data,
                    const SplitChoice& choice, const data::Schema* like);

  Console& console_;
  const Interrupt& interrupt_;
  std::vector<std::unique_ptr<TempFolder>> temporary_;
};

// Whether DATA is raw: not one existing folder.
bool is_raw(const std::vector<std::string>& data);

}  // namespace psmith::cli
