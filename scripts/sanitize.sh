#!/usr/bin/env bash
# Builds and runs the unit tests under the address and undefined-behaviour
# sanitizers, and the tests of net and node under the thread sanitizer. Takes
# about half an hour on two cores; scripts/install.sh build test comes first.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

cmake --preset asan
cmake --build --preset asan --target psmith_tests
ASAN_OPTIONS=detect_leaks=1 ctest --preset asan -L unit

cmake --preset tsan
cmake --build --preset tsan --target psmith_tests_net psmith_tests_node
export TSAN_OPTIONS="suppressions=$root/tests/support/tsan.supp"
build/tsan/tests/psmith_tests_net
build/tsan/tests/psmith_tests_node
echo "sanitize: passed"
