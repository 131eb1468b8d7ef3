#!/usr/bin/env bash
# The keys of the configuration file are the options of the programs today.
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
source "$(dirname "$0")/../support/cluster.sh"

"$repo/scripts/known-options.sh" "$(dirname "$(command -v psctl)")" made.cc
diff made.cc "$repo/tools/cli/known_options.cc" > difference ||
  die "tools/cli/known_options.cc is out of date, run
scripts/known-options.sh BIN_DIR:
$(head -n 20 difference)"
say "passed"
