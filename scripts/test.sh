#!/usr/bin/env bash
# The second command: installs what psmith and its tests need, builds both and
# runs every test. Arguments go to ctest: scripts/test.sh -L unit
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
scripts/install.sh build test
cmake --preset release -DPSMITH_TESTS=ON
cmake --build --preset release
exec ctest --preset release -j "$(nproc)" "$@"
