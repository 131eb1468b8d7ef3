#!/usr/bin/env bash
# No script has anything that shellcheck finds; each can be run.
# shellcheck source-path=SCRIPTDIR source=../support/style.sh
source "$(dirname "$0")/../support/style.sh"

while IFS= read -r script; do
  shellcheck -x "$script" || fail "$script: shellcheck"
  if head -n 1 "$script" | grep -q '^#!'; then
    [[ -x $script ]] || fail "$script: has #! but is not executable"
  fi
done < <(shell_scripts)
finish
