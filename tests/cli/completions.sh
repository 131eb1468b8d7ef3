#!/usr/bin/env bash
# The completions, and the keys of the configuration file, are what
# completions/generate makes of the programs today; bash can read its own.
#
#   completions.sh [BIN_DIR]
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
[[ -z ${1:-} ]] || PSMITH_BIN=$1
source "$(dirname "$0")/../support/cluster.sh"

bin=$(dirname "$(command -v psctl)")
"$repo/completions/generate" "$bin" "$temp/made"
for file in completions/bash completions/zsh completions/fish \
  tools/cli/known_options.cc; do
  diff -r "$temp/made/$file" "$repo/$file" > "$temp/diff" ||
    die "$file is out of date, run completions/generate BIN_DIR:
$(head -n 20 "$temp/diff")"
done

# Usage: completes WORD WORDS...: bash offers WORD behind WORDS.
completes() {
  local wanted=$1 word
  shift
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
  "_$1"
  for word in "${COMPREPLY[@]}"; do [[ $word != "$wanted" ]] || return 0; done
  die "bash does not offer '$wanted' behind '$*'"
}
for file in "$repo"/completions/bash/*; do
  # shellcheck source=/dev/null
  source "$file"
done
completes train psctl tr
completes --optimizer psctl train --opt
completes --color psctl train --co
completes ftrl psctl train --optimizer ""
completes --master psworker --mas
say "passed"
