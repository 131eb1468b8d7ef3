// Options of raw input, the same words in psdata split, psctl train and, but
// for two of them, psctl evaluate. One thread.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "console.h"
#include "data/reader.h"
#include "interrupt.h"

namespace psmith::cli {

// Where --help lists these options.
inline constexpr const char* kRawGroup = "raw input";

struct RawInput {
  std::string format;          // libsvm, csv, tsv; "": guess
  std::string delimiter;       // one character, TAB or its name; "": guess
  std::optional<bool> header;  // --header, --no-header; neither: guess
  std::string label, weight;
  std::vector<std::string> ignore;
  std::uint64_t skip_bad = 0;
};

// fitted: a model says which format it is, and which columns are features.
void declare(CLI::App& app, RawInput& raw, bool fitted = false);

// Whether any of the options was given.
bool given(const RawInput& raw);

// Forgets what was not given on the command line: DATA is no raw input, or
// the columns come from elsewhere.
void forget_outside(RawInput& raw, const Console& console);

// Throws Failure (2) if the options contradict the format that `source` brings
// along ("--like data").
void check_format(const RawInput& raw, const data::Schema& schema,
                  const std::string& source);

// Throws Failure (2) for options that contradict each other.
data::ReaderOptions reader_options(const RawInput& raw,
                                   std::vector<std::string> inputs,
                                   const Interrupt& interrupt);

}  // namespace psmith::cli
