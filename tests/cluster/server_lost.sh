#!/usr/bin/env bash
# kill -9 of a server in the middle of a job: the job starts again on the
# servers that are left, and its model is the same. With no server left it
# ends within its deadline, with a message.
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
source "$(dirname "$0")/../support/cluster.sh"

psdata synth logistic --rows 20000 --features 20 --seed 2 -o data > planted.tsv
job=(train data --epochs 40)
psctl "${job[@]}" --local 1 -o calm --quiet

start_master --job-timeout 5s
start_servers 2
start_workers 1 2
expect_nodes worker 2
timeout 120 psctl "${job[@]}" --name lost -o lost --quiet &
train=$!
until_true 30 has_event lane_applied || die "the job does not begin"
kill_node server-2
wait "$train" || die "the job did not survive: status $?"
has_event job_restarted || die "the job was never restarted"
cmp calm lost || die "another model after the loss"

timeout 60 psctl "${job[@]}" --name none -o none --quiet 2> none.log &
train=$!
applied() { has_event lane_applied none; }
until_true 30 applied || die "the second job does not begin"
kill_node server-1
began=$SECONDS
status=0
wait "$train" || status=$?
[[ $status -eq 69 ]] || die "status $status without a server: $(< none.log)"
((SECONDS - began < 20)) || die "it took $((SECONDS - began)) s to end"
grep -q server none.log || die "no message: $(< none.log)"
[[ ! -e none ]] || die "a model was written"
stop_cluster
say "passed"
