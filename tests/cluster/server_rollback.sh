#!/usr/bin/env bash
# kill -9 of servers, and of the master with one, in the middle of a job that
# writes checkpoints: it begins again from the newest whole one, on fewer or
# other lanes, and its model has the bits of a calm run, early stopping
# included. A checkpoint that is damaged is not used: the job begins from the
# start, to the same bits.
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
source "$(dirname "$0")/../support/cluster.sh"

psdata synth logistic --rows 20000 --features 20 --seed 2 -o data > planted.tsv
psdata split "$repo/examples/data/agaricus/agaricus.txt.train.gz" -o mushrooms \
  --seed 1 --quiet > split.txt 2> split.log
dense=(train data --epochs 60)
sparse=(train mushrooms --eval mushrooms --epochs 80 --batch 64 --patience 60)
psctl "${dense[@]}" --local 1 -o dense.calm --quiet > calm.txt
psctl "${sparse[@]}" --local 1 -o sparse.calm --quiet >> calm.txt

checkpoints() { event_count checkpoint_done "$1" 2>> poll.log; }
more_checkpoints() { [[ $(checkpoints "$1") -gt $2 ]]; }
restarted_from() {
  psctl events "$1" --json | jq -r 'select(.event == "job_restarted") | .text'
}

begin_master
start_servers 3
start_workers 1 2
for kind in dense sparse; do
  declare -n job=$kind
  timeout 300 psctl "${job[@]}" --checkpoint-dir "$PWD/kept" \
    --checkpoint-every 50 --name "$kind" -o "$kind.model" --quiet \
    > "$kind.txt" 2> "$kind.log" &
  train=$!
  until_true 60 more_checkpoints "$kind" 2 || die "$kind: no checkpoint"
  if [[ $kind == dense ]]; then
    kill_node server-2
  else
    kill_node master
    kill_node server-3
    begin_master
    start server-4 psserver --name server-4 --threads 3
  fi
  restarted() { has_event job_restarted "$kind"; }
  until_true 60 restarted || die "$kind: not started again"
  kill_node worker-1
  start_workers 1 1
  wait "$train" || die "$kind: $?: $(< "$kind.log")"
  restarted_from "$kind" | grep -q 'starts again from version [1-9]' ||
    die "$kind: not from a checkpoint: $(restarted_from "$kind")"
  cmp "$kind.model" "$kind.calm" || die "$kind: another model after the rollback"
done

# Every file of the newest checkpoints gets another byte.
timeout 300 psctl "${dense[@]}" --checkpoint-dir "$PWD/bad" --name bad \
  --checkpoint-every 50 -o bad.model --quiet > bad.txt 2> bad.log &
train=$!
until_true 60 more_checkpoints bad 2 || die "bad: no checkpoint"
kill -STOP "${pid_of[server-1]}"
find bad -name '*.safetensors' -exec sh -c 'printf x >> "$1"' _ {} \;
kill_node server-4
kill -CONT "${pid_of[server-1]}"
wait "$train" || die "bad: $?: $(< bad.log)"
restarted_from bad | grep -q 'its digest is another; starts again from version 0' ||
  die "a damaged checkpoint: $(restarted_from bad)"
cmp bad.model dense.calm || die "another model after a damaged checkpoint"
stop_cluster
say "passed"
