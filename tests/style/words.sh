#!/usr/bin/env bash
# Words that do not belong into files: work left open, paths of one machine,
# flags that make results depend on the machine, sleeps, the generators of the
# standard library (their output differs between libraries).
# shellcheck source-path=SCRIPTDIR source=../support/style.sh
source "$(dirname "$0")/../support/style.sh"

texts() {
  find . \( -path ./.git -o -path ./build -o -path './build-*' -o \
    -path ./examples/data -o -path ./tests/golden/data \) -prune -o \
    -type f -print | sort
}

# Usage: forbid PATTERN WHY FILES...; brackets keep a pattern from matching
# this file.
forbid() {
  local pattern=$1 why=$2
  fail_each < <(grep -nHIE -- "$pattern" "${@:3}" /dev/null |
    { if [[ $3 == lib/* ]]; then grep -vE '^[^:]*:[0-9]+: *//'; else cat; fi; } |
    sed "s|\$|  <- $why|")
}

mapfile -t all < <(texts)
mapfile -t code < <(sources lib tools tests)
forbid '\b(TO[D]O|FIX[M]E|HA[C]K|X[X]X)\b' 'work left open' "${all[@]}"
forbid 'not imple[m]ented|unimple[m]ented' 'work left open' "${all[@]}"
forbid '-march=[n]ative|-ffast-[m]ath' 'the result depends on the machine' \
  "${all[@]}"
forbid '(^|[^A-Za-z0-9_.$}])/(wo[r]k|ho[m]e|ro[o]t|Use[r]s|m[n]t)/' \
  'a path of one machine' "${all[@]}"
forbid 'sleep_(for|until)|\bu?sleep\(' 'nothing sleeps' "${code[@]}"
forbid 'std::(uniform_|normal_|mt19937|shuffle\b)' \
  'use base/rng.h' "${code[@]}"
finish
