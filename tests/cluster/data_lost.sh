#!/usr/bin/env bash
# Data that a worker cannot read, and data that changes while it is used: a
# worker without the dataset is left out of the job; a shard that is cut or
# written to ends the job with 65 and its name, and nothing else.
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
source "$(dirname "$0")/../support/cluster.sh"

psdata synth logistic --rows 40000 --features 20 --seed 3 -o data > planted.tsv
steps=(--epochs 400 --batch 512)

# Usage: spoil DATA HOW: does it to the first shard once training goes on.
spoil() {
  local shard=$1/shard-00000.safetensors
  until_true 30 grep -qs '"worker_pushed"' log || die "$1: no worker pushes"
  if [[ $2 == cut ]]; then
    truncate -s 4096 "$shard"
  else
    printf 'XXXXXXXX' |
      dd of="$shard" bs=1 seek=100000 conv=notrunc status=none
  fi
}

# Usage: ends_with HOW WORD OPTIONS...: train on a copy that is spoilt.
ends_with() {
  local how=$1 word=$2 status=0 train
  shift 2
  rm -rf copy log
  cp -r data copy
  psctl train copy "${steps[@]}" "$@" -o spoilt.model --log log --quiet \
    > result.txt 2> error.txt &
  train=$!
  pid_of[train]=$train
  spoil copy "$how"
  wait "$train" || status=$?
  unset 'pid_of[train]'
  [[ $status -eq 65 ]] || die "$how: status $status: $(< error.txt)"
  grep -q "shard-00000.safetensors: the file was $word while it was in use" \
    error.txt || die "$how: $(< error.txt)"
  [[ ! -e spoilt.model ]] || die "$how: a model was written"
}

ends_with cut cut --local 2
ends_with poke "written to" --local 2
say "embedded: told and ended with 65"

start_master
start_servers 2
start_workers 1 2
ends_with cut cut
ends_with poke "written to"
expect_nodes worker 2
say "a cluster: told and ended with 65; its workers are there"

# A worker in a mount namespace of its own, where the dataset is hidden.
mkdir hidden
hide=(unshare --mount sh -c "mount --bind hidden data && exec \"\$@\"" hide)
if ! "${hide[@]}" true 2> /dev/null; then
  say "passed, but for a worker without data: no mount namespaces here"
  exit 0
fi
psctl train data --epochs 60 --batch 512 -o calm.model --quiet > result.txt
psctl train data --epochs 60 --batch 512 -o same.model --log log --quiet \
  > result.txt &
pid_of[train]=$!
until_true 30 grep -qs '"worker_pushed"' log || die "no worker pushes"
start unfit "${hide[@]}" psworker --name unfit
ready unfit
wait "${pid_of[train]}" || die "a worker without the data ended the job"
unset 'pid_of[train]'
cmp -s calm.model same.model || die "it made another model"
grep -q '"worker_unfit"' log || die "nobody was told of the unfit worker"
for worker in worker-1 worker-2; do stop_node $worker; done
expect_nodes worker 1
status=0
psctl train data --quiet -o none.model > result.txt 2> error.txt || status=$?
[[ $status -eq 66 ]] || die "only an unfit worker: status $status"
grep -q 'unfit: cannot read .*manifest.json' error.txt ||
  die "only an unfit worker: $(< error.txt)"
stop_cluster
say "passed"
