#!/usr/bin/env bash
# Builds and runs the unit tests and some simulated clusters under the address
# and undefined-behaviour sanitizers, and the tests of the modules with threads
# under the thread sanitizer. Takes about a quarter of an hour on two cores.
# What is in psmith_cli does not run here.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
scripts/install.sh build test

cmake --preset asan
cmake --build --preset asan --target psmith_tests psmith_sim
export ASAN_OPTIONS=detect_leaks=1
ctest --preset asan -L unit
build/asan/tests/psmith_sim --seeds 1..1000

cmake --preset tsan
cmake --build --preset tsan \
  --target psmith_tests_data psmith_tests_net psmith_tests_client \
  psmith_tests_node
export TSAN_OPTIONS="suppressions=$root/tests/support/tsan.supp"
for module in data net client node; do
  (cd build/tsan && "tests/psmith_tests_$module")
done
echo "sanitize: passed"
