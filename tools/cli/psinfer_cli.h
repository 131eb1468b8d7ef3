// psinfer: records in, one line per record out, in order. One thread; the
// threads of a run are in client/infer_stream.h.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cluster.h"
#include "console.h"

namespace psmith::cli {

struct InferOptions {
  std::string model;                // a file, or @NAME
  std::vector<std::string> inputs;  // none: stdin
  ClusterFlags cluster;             // of --local, only the workers: threads
  std::string output;               // label, proba, raw, jsonl; "": standard
  bool json = false;                // the same as --output jsonl
  bool append = false;
  bool header = false;
  bool metrics = false;
  bool labelled = false;
  std::string on_bad = "stop";
  std::string divide = "even";
  Duration max_delay = std::chrono::milliseconds(10);
  std::uint64_t batch = 0;  // 0: as suits the model
  Duration timeout = std::chrono::seconds(60);
  std::uint64_t seed = 0;
};

void declare(CLI::App& app, InferOptions& options);

// Returns 0, or 3 when records were bad or the run was interrupted.
int run_infer(InferOptions options, Console& console);

}  // namespace psmith::cli
