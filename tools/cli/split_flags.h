// How raw input becomes a dataset: the options that psdata split and psctl
// train share. One thread.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "console.h"
#include "data/split.h"
#include "interrupt.h"
#include "raw_input.h"

namespace psmith::cli {

struct SplitFlags {
  RawInput raw;
  std::string by;            // even, random, weight; "": random
  std::string like;          // a dataset or a model; "": fit the preprocessing
  bool any_label = false;    // labels that it does not know are good
  double holdout = 0;        // [0, 0.99]: part of the rows
  std::uint64_t shards = 0;  // 0: by the number of rows
  std::uint64_t micro_batch = 0;  // 0: by the number of rows
  std::uint64_t seed = 0;
  std::uint64_t memory = std::uint64_t{64} << 20;  // bytes of buffers
};

// Adds all of them but --micro-batch and --seed, whose meaning the command
// tells.
void declare(CLI::App& app, SplitFlags& flags);

// Whether an option was given that a dataset, being split, has no use for.
bool given(const SplitFlags& flags);

// Forgets what contradicts --like but was not given on the command line.
void settle(SplitFlags& flags, const Console& console);

// Throws Failure (2) for options that contradict each other; 65, 66 for what
// --like names.
data::ReaderOptions reader_options(const SplitFlags& flags,
                                   std::vector<std::string> inputs,
                                   const Interrupt& interrupt);
data::SplitOptions split_options(const SplitFlags& flags);

// "2 number, 1 order": bad records by kind; "" for none.
std::string faults_text(const data::FaultCounts& faults);

}  // namespace psmith::cli
