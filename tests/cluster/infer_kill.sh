#!/usr/bin/env bash
# psinfer on 200,000 records with four workers, two of which are killed while
# it runs, writes what one calm worker writes, to the byte.
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
source "$(dirname "$0")/../support/cluster.sh"

records=200000
psdata synth logistic --rows 20000 --features 40 --seed 3 -o train > planted.tsv
psdata synth logistic --rows "$records" --features 40 --seed 4 --format csv \
  -o records.csv > planted.tsv
psctl train train -o model --quiet

# The records; those after half of them wait for `go`, the last for `on`.
half=$((records / 2)) late=$((records * 3 / 4))
feed() {
  head -n "$half" records.csv
  until_true 60 test -e go
  sed -n "$((half + 1)),${late}p" records.csv
  until_true 60 test -e on
  tail -n "+$((late + 1))" records.csv
}

all_predict() {
  psctl nodes --json | jq -e 'all(.nodes[]; .progress > 0)' > progress.txt
}

# Usage: passed FILE COUNT: it has more lines.
passed() { [[ $(wc -l < "$1") -gt $2 ]]; }

# Usage: predicts DIVIDE: kills workers 1 and 2 of four in the middle.
predicts() {
  local divide=$1 stream
  rm -f go on
  feed | psinfer model --divide "$divide" --batch 500 > "$divide.tsv" &
  stream=$!
  until_true 60 test -s "$divide.tsv" || die "no answer came"
  until_true 60 all_predict || die "a worker predicts nothing"
  kill_node worker-1
  touch go
  until_true 60 passed "$divide.tsv" "$half" || die "no answer after the half"
  kill_node worker-2
  touch on
  wait "$stream" || die "psinfer ended with $?"
  [[ $(wc -l < "$divide.tsv") -eq $records ]] ||
    die "$(wc -l < "$divide.tsv") lines for $records records"
  cmp calm.tsv "$divide.tsv" || die "other answers with --divide $divide"
}

start_master
start_workers 1 1
psinfer model < records.csv > calm.tsv
[[ $(wc -l < calm.tsv) -eq $records ]] || die "the calm run is not whole"
psinfer model --local 2 < records.csv | cmp calm.tsv - ||
  die "other answers in one process"
for divide in even random; do
  start_workers 2 4
  [[ -n ${pid_of[worker-1]:-} ]] || start_workers 1 1
  predicts "$divide"
  stop_node worker-3
  stop_node worker-4
done
stop_cluster
say "passed"
