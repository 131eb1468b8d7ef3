#!/usr/bin/env bash
# Quick start, on one machine: train a model on a file, look at it, predict.
#
# The data: mushrooms, edible (0) or not (1), libsvm text, 6,513 rows to train
# on and 1,611 to test (examples/data/agaricus/SOURCE.txt). The programs are
# those in $PSMITH_BIN, or in $PATH.
set -euo pipefail

data=$(cd "$(dirname "${BASH_SOURCE[0]}")/data/agaricus" && pwd)
[[ -z ${PSMITH_BIN:-} ]] || PATH=$(cd "$PSMITH_BIN" && pwd):$PATH
command -v psctl psdata psserver psworker psinfer > /dev/null || {
  echo "the programs are not in PATH; PSMITH_BIN may name their folder" >&2
  exit 1
}
# No setting of yours reaches the programs.
for name in $(compgen -e PSMITH_); do
  [[ $name == PSMITH_BIN ]] || unset "$name"
done
temp=$(mktemp -d)
export XDG_CONFIG_HOME=$temp
trap 'rm -rf "$temp"' EXIT
cd "$temp"

echo "== train: one command, no cluster"
psctl train "$data/agaricus.txt.train.gz" -o mushroom.safetensors

echo "== show: what is inside the model"
psctl show mushroom.safetensors --top 5

echo "== evaluate: on rows that it has not seen"
psctl evaluate mushroom.safetensors "$data/agaricus.txt.test.gz"

echo "== predict: records in, lines out, in order"
gzip -dc "$data/agaricus.txt.test.gz" |
  psinfer mushroom.safetensors > answers.tsv
head -n 3 answers.tsv

gzip -dc "$data/agaricus.txt.test.gz" | paste - answers.tsv | awk '
  { right += ($1 == $(NF - 1)) }
  END { printf "%d of %d mushrooms are told apart correctly\n", right, NR
        exit right < 0.999 * NR }'
