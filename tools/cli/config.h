// Values of options from outside the command line, set as defaults before it
// is parsed: option beats environment beats file.
//
// Environment: --long-option is PSMITH_LONG_OPTION; an empty value is none.
// File: $XDG_CONFIG_HOME/psmith/config.toml, or ~/.config/psmith/config.toml.
// A key is a long option without its dashes; at the top it is for every
// program and command that has the option, under [psctl] for one program,
// under [psctl.train] for one command. An unknown key or table is an error
// (78) with the line and the nearest one. CLI11's own configuration support is
// not used: it ranks the file above the environment. One thread.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace psmith::cli {

struct Setting {
  std::string scope;  // "", "psctl" or "psctl.train"
  std::string key;
  std::string value;
  std::string origin;  // "FILE:LINE"
};

// The file's path, or empty when neither variable is set.
std::filesystem::path config_path();

// The settings of a file; none when there is no such file. Throws
// Failure(78): not TOML, a value that is no text, number, switch or list.
std::vector<Setting> read_config(const std::filesystem::path& path);

// "eval-every" -> "PSMITH_EVAL_EVERY"
std::string variable_of(const std::string& long_option);

using Origins = std::map<std::string, std::string, std::less<>>;

// Sets defaults of `root` and of the command that will run (may be null), and
// says where each came from. Throws Failure(78) for an unknown key or a bad
// value, naming its source.
Origins apply_outside_values(CLI::App& root, CLI::App* command,
                             const std::vector<Setting>& settings);

// Every long option of the five programs, sorted. Checked by
// tests/cli/keys.sh.
const std::vector<std::string>& known_options();

}  // namespace psmith::cli
