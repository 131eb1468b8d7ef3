#!/usr/bin/env bash
# Connections that do harm, by tests/support/proxy.py between the nodes: those of
# workers to servers are slow, thin, and reset in the middle of a job; those to
# the master go deaf before it is killed and started again, and its nodes find
# it by new ones in time. Nobody is given up, and the models have the bits of
# calm runs.
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
source "$(dirname "$0")/../support/cluster.sh"

step_of() {
  psctl jobs --json | jq --arg name "$1" \
    '[.jobs[] | select(.name == $name and .state == "running") | .step] | first // 0'
}
passed() { [[ $(step_of "$1") -gt $2 ]]; }
# Usage: submit NAME: the job, followed, until it has made steps.
submit() {
  psctl "${job[@]}" --name "$1" -o "$1" --quiet > "$1.txt" 2> "$1.log" &
  train=$!
  until_true 60 passed "$1" 20 || die "$1 does not begin"
}
same_bits() {
  wait "$train" || die "$1: $?: $(< "$1.log")"
  cmp "$1" calm || die "$1: another model than the calm run's"
}

psdata synth logistic --rows 20000 --features 20 --seed 2 -o data > planted.tsv
job=(train data --epochs 100)
psctl "${job[@]}" --local 1 -o calm --quiet > calm.txt

# Nodes know the master by a proxy, and the lanes by one each: 127.0.0.2 is where
# a lane listens, the same port of 127.0.0.3 where others think that it does.
begin_master
start_proxy control 127.0.0.1:0 "${PSMITH_MASTER#tcp://}"
PSMITH_MASTER=$proxy start_servers 2 --threads 1 --listen tcp://127.0.0.2:0 \
  --advertise 127.0.0.3
PSMITH_MASTER=$proxy start_workers 1 2 --threads 1
for i in 1 2; do
  port=$(sed 's/.*://' "server-$i.ready")
  start_proxy "data-$i" "127.0.0.3:$port" "127.0.0.2:$port"
done
on_data() {
  local each
  for each in 1 2; do tell_proxy "data-$each" "$1"; done
}

submit resets
for ((i = 1; i <= 5; i++)); do
  step=$(step_of resets)
  ((step > 0)) || die "the job was over before reset $i"
  on_data cut
  until_true 30 passed resets "$step" || die "it stands still at step $step"
done
on_data "delay 2"
step=$(step_of resets)
until_true 30 passed resets "$step" || die "delayed, it stands still"
on_data "delay 0"
on_data "rate 30000"
step=$(step_of resets)
until_true 30 passed resets "$step" || die "on a thin line it stands still"
on_data "rate 0"
same_bits resets

before=$(node_numbers)
submit deaf
tell_proxy control deaf
kill_node master
begin_master
until_true 30 up_for 7000 || die "the master is not there"
[[ $(node_numbers) == "$before" ]] || die "other nodes: $(node_numbers), not $before"
same_bits deaf
for kind in server_expired worker_expired job_restarted; do
  [[ $(event_count "$kind") -eq 0 ]] || die "there is an event $kind"
done
for i in 1 2; do stop_node "data-$i"; done
stop_node server-1 && stop_node server-2 && stop_node worker-1 && stop_node worker-2
stop_node control && stop_node master
say "passed"
