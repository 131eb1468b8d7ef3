// The options of psctl train, and the job that they and the data make. One
// thread.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "cluster.h"
#include "console.h"
#include "dataset.h"
#include "split_flags.h"
#include "wire/job.h"

namespace psmith::cli {

struct TrainOptions {
  std::vector<std::string> data;
  SplitFlags split;  // of raw input; seed and micro_batch of the job too

  std::string model, optimizer, schedule;  // "": the default
  double rate = 0, beta = 0;               // 0: the default
  double l1 = -1, l2 = -1;                 // negative: the default
  std::uint64_t epochs = 0, steps = 0;     // 0: the default; no limit
  std::uint64_t batch = 0;

  std::string eval;
  std::uint64_t eval_every = 1, patience = 0;
  double min_delta = 0;

  std::string checkpoint_dir;
  std::uint64_t checkpoint_every = 0;

  std::string name, output;
  bool detach = false, json = false;
  std::string log;
  Duration timeout{};
  ClusterFlags cluster;
};

void declare(CLI::App& app, TrainOptions& options);

// Forgets values from outside the command line that have no meaning here, or
// contradict it.
void settle(TrainOptions& options, const Console& console);

// Options that exclude each other. Throws Failure (2).
// REQUIRES: settle() came before
void check(const TrainOptions& options, const Console& console);

// What the job is, as the options, the data and the defaults say. Guesses and
// roundings are printed. Throws Failure: 2 an option that does not fit, 65
// labels that do not.
wire::JobSpec make_spec(const TrainOptions& options, const Dataset& train,
                        const Dataset* eval, Console& console);

}  // namespace psmith::cli
