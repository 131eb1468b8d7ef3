#!/usr/bin/env bash
# A header of lib/ opens with a comment that says what it is, then
# #pragma once; it has no `using namespace`; what it declares is in
# psmith::MODULE (base: psmith).
# shellcheck source-path=SCRIPTDIR source=../support/style.sh
source "$(dirname "$0")/../support/style.sh"

for file in lib/*/*.h; do
  [[ -f $file ]] || continue
  fail_each < <(awk -v module="$(basename "$(dirname "$file")")" '
    NR == 1 && !/^\/\/ [^ ]/ { print FILENAME ": does not open with a comment" }
    /^#pragma once$/ { once = 1 }
    /^#include/ && !once { print FILENAME ": an include stands before #pragma once"; once = 1 }
    /^ *using namespace / { print FILENAME ":" FNR ": using namespace in a header" }
    index($0, "namespace psmith" (module == "base" ? "" : "::" module)) == 1 {
      named = 1
    }
    /^#define/ { macros = 1 }
    END {
      if (!once) print FILENAME ": has no #pragma once"
      if (!named && !macros) print FILENAME ": has nothing in its namespace"
    }' "$file")
done
finish
