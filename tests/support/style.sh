# What the style tests share. Sourced with the root to check as $1 (default:
# this repository), so that selftest.sh can check trees with planted faults.
# shellcheck shell=bash
set -uo pipefail
export LC_ALL=C

root=${1:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
cd "$root" || exit 1
faults=0

fail() {
  printf '%s\n' "$*"
  faults=$((faults + 1))
}

# Reads faults, one a line, from stdin.
fail_each() {
  local line
  while IFS= read -r line; do fail "$line"; done
}

# The sources: C++ below the given folders (those that exist).
sources() {
  local folder
  for folder in "$@"; do
    [[ ! -d $folder ]] || find "$folder" -type f \( -name '*.h' -o -name '*.cc' \)
  done | sort
}

shell_scripts() {
  find . -path ./build -prune -o -path './build-*' -prune -o -path ./.git \
    -prune -o -type f -name '*.sh' -print | sort
  local script
  for script in .ci/run completions/bash/psctl; do
    [[ ! -f $script ]] || echo "./$script"
  done
}

finish() {
  if [[ $faults -gt 0 ]]; then
    echo "$(basename "$0"): $faults faults"
    exit 1
  fi
  echo "$(basename "$0"): clean"
}
