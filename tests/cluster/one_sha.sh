#!/usr/bin/env bash
# One job, one SHA-256: whatever the number of workers, servers and lanes,
# embedded or as processes over tcp, calm or with a worker killed (kill -9) in
# mid-epoch and another one joining. Every worker computes, or the cell does
# not count.
#
#   one_sha.sh        workers {1,2,3,5,8} x servers {1,2,3} x lanes {1,2} x
#                     {embedded, processes} x {sparse, dense with weights and
#                     early stopping} and, with processes, x {calm, killed}
#   one_sha.sh part   a part of that, for the hurried
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
source "$(dirname "$0")/../support/cluster.sh"

if [[ ${1:-whole} == whole ]]; then
  embedded=({1,2,3,5,8}","{1,2,3}","{1,2})
  shapes=({1,2,3}","{1,2})
  worker_counts=(1 2 3 5 8)
else
  embedded=("1,1,1" "2,2,1" "3,3,2" "5,1,2" "8,2,2")
  shapes=("1,1" "2,2" "3,1")
  worker_counts=(1 3 8)
fi
cells=0

# M = 16 micro-batches of 32 rows in every full step; three shards of 8 full
# steps and one of 180 rows: 24 full steps an epoch.
rows=$((3 * (8 * 512 + 180)))
psdata synth logistic --rows $rows --features 300 --sparse --density 0.05 \
  --seed 7 --format libsvm -o sparse.txt > planted.tsv
psdata split sparse.txt -o sparse --shards 3 --by even --micro-batch 32
psdata synth logistic --rows $((rows * 5 / 4)) --features 12 --weighted \
  --seed 8 --noise 0.1 --format csv -o heavy.csv > planted.tsv
psdata split heavy.csv -o heavy --shards 3 --by even --holdout 0.2 \
  --label y --weight weight --micro-batch 32

# Usage: job KIND: sets `options`, the same for every cell.
job() {
  local shape=(--batch 512 --micro-batch 32)
  if [[ $1 == sparse ]]; then
    options=(sparse "${shape[@]}" --optimizer ftrl --epochs 12)
  else
    options=(heavy "${shape[@]}" --epochs 60 --patience 2 --rate 0.5)
  fi
}

# Usage: same KIND FILE WHERE: the model is the one of the first cell.
same() {
  local sha
  sha=$(sha_of "$2")
  [[ -s $1.sha ]] || echo "$sha" > "$1.sha"
  [[ $sha == "$(< "$1.sha")" ]] || die "$1: another model with $3"
  cells=$((cells + 1))
}

# Usage: all_computed WORKERS: from the job's own log.
all_computed() {
  [[ $(jq -s '[.[] | select(.event == "worker_computed") | .node] |
    unique | length' log) -eq $1 ]]
}

# Usage: cell KIND WORKERS WHERE OPTION...: trains until every worker has
# computed something: one that a busy machine starved does not count.
cell() {
  local kind=$1 workers=$2 where=$3 tries
  shift 3
  for ((tries = 0; tries < 10; tries++)); do
    psctl train "${options[@]}" "$@" -o model --log log --quiet > result.txt
    same "$kind" model "$where"
    ! all_computed "$workers" || return 0
    cells=$((cells - 1))
  done
  die "a worker computed nothing with $where"
}

for kind in sparse heavy; do
  job $kind
  for cell in "${embedded[@]}"; do
    cell $kind "${cell%%,*}" "--local $cell" --local "$cell"
    grep -q 'summed 16 micro-batches' log || die "M is not 16"
  done
done
[[ $(jq -s '[.[] | select(.evaluated == true)] | length' log) -lt 60 ]] ||
  die "the job with early stopping was not stopped early"
say "$cells embedded cells"

# Whether a worker, by its number in the cluster, computed for the job.
computed() {
  jq -se --argjson id "$1" 'any(.[]; .event == "worker_computed" and
    .node == $id)' log > computed.txt 2> /dev/null
}

# Usage: train_killed KIND WORKERS WHERE: kills the last of the workers once
# it computed, and starts another one. Where the job was over before leaves
# were leased again it did not count, and is run again.
train_killed() {
  local victim=worker-$2 id train tries
  for ((tries = 0; tries < 10; tries++)); do
    id=$(psctl nodes --json | jq --arg name "$victim" \
      '.nodes[] | select(.name == $name) | .node')
    rm -f log
    psctl train "${options[@]}" -o model --log log --quiet > result.txt &
    train=$!
    until_true 30 computed "$id" || die "$victim does not compute with $3"
    kill_node "$victim"
    start_workers "$2" "$2"
    wait "$train" || die "the job failed with $3"
    same "$1" model "$3"
    expect_nodes worker "$2"
    ! jq -se 'any(.[]; .event == "leases_released")' log > released.txt ||
      return 0
    cells=$((cells - 1))
  done
  die "no leaves were leased again with $3"
}

for shape in "${shapes[@]}"; do
  servers=${shape%,*} lanes=${shape#*,} have=0
  start_master
  start_servers "$servers" --threads "$lanes"
  for workers in "${worker_counts[@]}"; do
    start_workers $((have + 1)) "$workers"
    have=$workers
    expect_nodes worker "$workers"
    where="$workers workers, $servers servers, $lanes lanes"
    for kind in sparse heavy; do
      job $kind
      cell $kind "$workers" "$where"
      ((workers > 1)) || continue
      train_killed $kind "$workers" "$where, one killed"
    done
  done
  stop_cluster
  say "$cells cells up to: $where"
done
say "passed: $cells cells, sparse $(< sparse.sha), dense $(< heavy.sha)"
