#!/usr/bin/env bash
# Builds the fuzz targets and runs each so many times from its corpus: 10000
# unless RUNS is given. What is found in between is kept in build/fuzz/found for
# the next time; an input that breaks a target is left there, and named.
#
#   scripts/fuzz.sh [RUNS [TARGET ...]]     scripts/fuzz.sh 10000000 csv libsvm
#
# A million runs or more go faster: on texts of 256 bytes at most, by libFuzzer's
# plain choice of inputs, with less of what README.md there calls a long run.
#
# tests/fuzz/README.md says what the targets check.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

# Usage: dictionary TARGET: the option that names its words, if it has any.
dictionary() {
  case $1 in
    csv | libsvm | number) echo "-dict=tests/fuzz/dictionary/text.dict" ;;
    manifest | model | safetensors | schema)
      echo "-dict=tests/fuzz/dictionary/json.dict" ;;
    config) echo "-dict=tests/fuzz/dictionary/toml.dict" ;;
    address) echo "-dict=tests/fuzz/dictionary/address.dict" ;;
  esac
}

# Usage: run TARGET RUNS
run() {
  local found=build/fuzz/found/$1 log=build/fuzz/found/$1.log
  local -a options
  mkdir -p "$found"
  read -ra options <<<"$(dictionary "$1")"
  # More than a case needs only takes longer.
  local length=2048
  unset FUZZ_LONG
  if (($2 >= 1000000)); then
    export FUZZ_LONG=1
    options+=(-entropic=0)
    case $1 in  # the others are JSON, or hold JSON
      address | csv | decode | lane | libsvm | number | predict) length=256 ;;
    esac
  fi
  "build/fuzz/tests/fuzz/$1_fuzz" -runs="$2" -timeout=20 -max_len="$length" \
    -rss_limit_mb=1024 -print_final_stats=1 "${options[@]}" \
    -artifact_prefix="build/fuzz/found/$1-" \
    "$found" "tests/fuzz/corpus/$1" >"$log" 2>&1 || {
    tail -n 60 "$log" >&2
    echo "fuzz: $1 is broken by the input above; $log says more" >&2
    return 1
  }
  echo "fuzz: $1: $(sed -n 's/^#\([0-9]*\)[[:space:]]*DONE */\1 runs, /p' "$log")"
}

main() {
  local runs=${1:-10000} target
  local -a targets=("${@:2}")
  [[ $runs =~ ^[0-9]+$ ]] || {
    echo "usage: fuzz.sh [RUNS [TARGET ...]]" >&2
    return 2
  }
  scripts/install.sh build test
  cmake --preset fuzz
  cmake --build --preset fuzz --target fuzzers
  if [[ ${#targets[@]} -eq 0 ]]; then
    mapfile -t targets < <(cd tests/fuzz/corpus && printf '%s\n' *)
  fi
  for target in "${targets[@]}"; do run "$target" "$runs"; done
  echo "fuzz: passed"
}

main "$@"
