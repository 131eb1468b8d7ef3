#!/usr/bin/env bash
# The textbook job: 100,000 rows, 10 features. The weights are those of the
# least-squares solution (numpy's, an independent program) to 1e-3, and one
# worker and three make the same file.
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
source "$(dirname "$0")/../support/cluster.sh"

python=""
for candidate in python3 /usr/bin/python3; do
  ! "$candidate" -c 'import numpy' 2>/dev/null || { python=$candidate; break; }
done
[[ -n $python ]] || die "needs python3-numpy (packages.txt)"

made=(--rows 100000 --features 10 --noise 0.1 --seed 1)
psdata synth linear "${made[@]}" -o lin > planted.tsv
psdata synth linear "${made[@]}" --format csv -o lin.csv > planted.tsv
psctl train lin --model linear --local 1 -o m
psctl train lin --model linear --local 3 -o m3
[[ $(sha_of m) == "$(sha_of m3)" ]] || die "--local 3 made another model"
"$python" "$repo/tests/golden/least_squares.py" m lin.csv 1e-3

# With row weights: the weighted solution.
psdata synth linear "${made[@]}" --weighted -o heavy > planted.tsv
psdata synth linear "${made[@]}" --weighted --format csv -o heavy.csv > planted.tsv
psctl train heavy --model linear --local 2 -o m
"$python" "$repo/tests/golden/least_squares.py" m heavy.csv 1e-3
say "passed"
