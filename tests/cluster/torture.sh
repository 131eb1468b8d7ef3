#!/usr/bin/env bash
# 200 kills in 10 runs (torture.py): every model is that of a calm run.
#
#   torture.sh [KILLS RUNS SEED]
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
source "$(dirname "$0")/../support/cluster.sh"

mkdir tmp
TMPDIR=$temp/tmp /usr/bin/python3 "$repo/tests/cluster/torture.py" \
  --kills "${1:-200}" --runs "${2:-10}" --seed "${3:-1}" --at-once 2 |
  tee ledger.txt || die "see above"
# Every role was hit, in every way.
for role in worker server master; do
  grep -qE "^\| $role \| [1-9][0-9]* \| [1-9][0-9]* \| [1-9][0-9]* \|" ledger.txt ||
    die "the ledger: $(< ledger.txt)"
done
say "passed"
