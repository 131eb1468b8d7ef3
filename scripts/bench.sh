#!/usr/bin/env bash
# Runs the benchmarks and prints one Markdown table; tests/bench/README.md says
# what each figure is.
#
#   scripts/bench.sh             everything (about twenty minutes)
#   scripts/bench.sh --quick     everything, on less data
#   scripts/bench.sh NAME...     some figures; --list names them
#   scripts/bench.sh --keep      and keeps the table in tests/bench/README.md
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
scripts/install.sh build test >&2
cmake --preset release -DPSMITH_TESTS=ON >&2
cmake --build --preset release --target psctl psdata psinfer psmith_bench >&2
exec /usr/bin/python3 tests/bench/run.py --build build/release "$@"
