#!/usr/bin/env bash
# Files have at most 400 lines, functions at most 70. clang-format puts the
# brace that ends a block under the first letter of the line that began it;
# so do the shell scripts.
# shellcheck source-path=SCRIPTDIR source=../support/style.sh
source "$(dirname "$0")/../support/style.sh"

# shellcheck disable=SC2016  # awk has its own $0
judge='
  function judge_file() {
    if (count > line_max)
      print file " has " count " lines (at most " line_max ")"
  }
  FNR == 1 {
    if (NR > 1) judge_file()
    split("", start)
  }
  { file = FILENAME; count = FNR }
  match($0, /^(    |  )?[^ ]/) {
    depth = RLENGTH - 1
    if (substr($0, depth + 1, 1) == "}") {
      lines = FNR - start[depth] + 1
      if (start[depth] && lines > function_max)
        print file ":" start[depth] ": a function of " lines " lines (at most " function_max ")"
      for (deeper = depth; deeper <= 4; deeper += 2) start[deeper] = 0
    } else if ($0 !~ /^ *[{)#\/]/) {
      named = $0 !~ /^ *(namespace|struct|class|enum|union|extern) / && $0 !~ /= \{$/
      start[depth] = named ? FNR : 0
    }
  }
  END { judge_file() }'
fail_each < <({ sources lib tools tests && shell_scripts; } |
  sed 's|^\./||' |
  xargs -r awk -v line_max=400 -v function_max=70 "$judge")
finish
