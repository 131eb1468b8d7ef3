#!/usr/bin/env bash
# Each lib/x/y.cc is tested in tests/x/y_test.cc (a y.cc without a y.h is a
# part of a header of its module that it includes, and tested with that), and
# each test of a module tests a file of it. mirror-exceptions.txt names what is tested elsewhere:
# FILE TEST REASON; an exception that is no longer needed is a fault.
# shellcheck source-path=SCRIPTDIR source=../support/style.sh
source "$(dirname "$0")/../support/style.sh"

exceptions=tests/style/mirror-exceptions.txt
declare -A test_of reason_of
if [[ -f $exceptions ]]; then
  while read -r file test reason; do
    [[ -n $file && $file != \#* ]] || continue
    test_of[$file]=$test
    reason_of[$file]=$reason
  done < "$exceptions"
fi

# The test of a source, by the rule.
mirror_of() {
  local unit=${1%.cc} module header
  if [[ ! -f $unit.h ]]; then
    module=$(basename "$(dirname "$1")")
    while read -r header; do
      [[ ! -f tests/$module/${header}_test.cc ]] || unit=lib/$module/$header
    done < <(sed -nE "s|^#include \"$module/(.*)\\.h\"|\\1|p" "$1")
  fi
  echo "${unit/#lib/tests}_test.cc"
}

for file in lib/*/*.cc; do
  own=$(mirror_of "$file")
  test=${test_of[$file]:-}
  if [[ -z $test ]]; then
    [[ -f $own ]] || fail "$file has no test $own"
  elif [[ -f $own ]]; then
    fail "$exceptions: $file has its test now"
  elif [[ ! -f $test ]]; then
    fail "$exceptions: $file: there is no $test"
  elif [[ -z ${reason_of[$file]} ]]; then
    fail "$exceptions: $file has no reason"
  fi
done
for file in "${!test_of[@]}"; do
  [[ -f $file ]] || fail "$exceptions: there is no $file"
done

for folder in lib/*/; do
  module=$(basename "$folder")
  for test in tests/"$module"/*_test.cc; do
    [[ -f $test ]] || continue
    unit=${test/#tests/lib}
    unit=${unit%_test.cc}
    [[ -f $unit.cc || -f $unit.h ]] || fail "$test: there is no $unit.{h,cc}"
  done
done
finish
