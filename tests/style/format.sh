#!/usr/bin/env bash
# clang-format 14 leaves every source as it is.
# shellcheck source-path=SCRIPTDIR source=../support/style.sh
source "$(dirname "$0")/../support/style.sh"

tool=$(command -v clang-format-14 || command -v clang-format) || {
  echo "format.sh: clang-format-14 is not installed (packages.txt)"
  exit 1
}
fail_each < <(sources lib tools tests | xargs -r -n 16 -P "$(nproc)" \
  "$tool" --style=file --dry-run 2>&1 | grep -E 'warning:' |
  sed -E 's/: warning:.*/: is not as clang-format has it/' | sort -u)
finish
