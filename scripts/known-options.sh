#!/usr/bin/env bash
# Writes the keys of the configuration file, from the options that the programs
# declare: a program knows no more than its own.
#
#   scripts/known-options.sh BIN_DIR         tools/cli/known_options.cc
#   scripts/known-options.sh BIN_DIR FILE    another file (tests/cli/keys.sh)
set -euo pipefail
bin=${1:?usage: scripts/known-options.sh BIN_DIR [FILE]}
file=${2:-$(dirname "$0")/../tools/cli/known_options.cc}

names=$(for program in psctl psdata psinfer psserver psworker; do
  "$bin/$program" --dump-options
done | awk -F '\t' '$2 != "" && $2 != "help" && $2 != "version" { print "    \"" $2 "\"," }' |
  LC_ALL=C sort -u)
cat > "$file" <<EOF
// The keys of the configuration file; written by scripts/known-options.sh.
#include "config.h"

namespace psmith::cli {

namespace {

const char* const kNames[] = {
$names
};

}  // namespace

const std::vector<std::string>& known_options() {
  static const std::vector<std::string> names(std::begin(kNames),
                                              std::end(kNames));
  return names;
}

}  // namespace psmith::cli
EOF
