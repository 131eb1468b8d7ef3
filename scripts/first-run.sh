#!/usr/bin/env bash
# The first command: installs what psmith needs, builds it, and runs a cluster
# of a master, two servers and three workers on this machine that trains on
# real data and answers from the model (examples/cluster-by-hand.sh).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
scripts/install.sh build
cmake --preset release -DPSMITH_TESTS=OFF
cmake --build --preset release
PSMITH_BIN=$root/build/release exec examples/cluster-by-hand.sh
