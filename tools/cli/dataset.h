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
#include "split_flags.h"

namespace psmith::cli {

struct Dataset {
  std::filesystem::path folder;  // absolute
  data::Manifest manifest;
};

class Datasets {
 public:
  Datasets(Console& console, const Interrupt& interrupt)
      : console_(console), interrupt_(interrupt) {}

  // data: one dataset folder, or raw files, or "-". like: raw input is
  // preprocessed with this schema, and must have its columns; classes: and its
  // labels. Throws Failure: 65 bad data, 66 missing, 74 a temporary file cannot
  // be written.
  Dataset open(const std::vector<std::string>& data, const SplitFlags& flags,
               const data::Schema* like = nullptr, bool classes = false);

 private:
  Dataset split_raw(const std::vector<std::string>& data,
                    const SplitFlags& flags, const data::Schema* like,
                    bool classes);

  Console& console_;
  const Interrupt& interrupt_;
  std::vector<std::unique_ptr<TempFolder>> temporary_;
};

// Whether DATA is raw: not one existing folder.
bool is_raw(const std::vector<std::string>& data);

}  // namespace psmith::cli
