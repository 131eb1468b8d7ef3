// psdata as a command line: its options and what each command does. One
// thread.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "console.h"
#include "run.h"
#include "split_flags.h"

namespace psmith::cli {

struct SplitCommand {
  std::vector<std::string> inputs;
  std::string output;
  SplitFlags flags;
  bool force = false;
};

struct ReadCommand {  // info, head, cat, verify
  std::string data;
  std::string part = "all";
  std::uint64_t rows = 10;  // head
};

struct SynthCommand {
  std::string kind;
  std::string output;
  std::string format = "dataset";
  std::uint64_t rows = 1000, features = 10, seed = 0;
  double noise = 0.1, density = 0.1;
  bool sparse = false, weighted = false, force = false;
};

struct PsdataOptions {
  bool json = false;
  SplitCommand split;
  ReadCommand read;
  SynthCommand synth;
};

// Adds every command of psdata.
void declare(Program& program, PsdataOptions& options);

int run_split(const SplitCommand& command, Console& console);
int run_info(const ReadCommand& command, Console& console);
int run_head(const ReadCommand& command, Console& console);
int run_cat(const ReadCommand& command, Console& console);
int run_verify(const ReadCommand& command, Console& console);
int run_synth(const SynthCommand& command, Console& console);

}  // namespace psmith::cli
