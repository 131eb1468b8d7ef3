#!/usr/bin/env bash
# kill -9 of the master in the middle of a job: psctl ends with 69 and a
# message, servers and workers end by themselves, each after its --reconnect. A
# master that is started anew at once without a journal does not know the job,
# whose number is another's now: psctl ends as well, and the nodes join again.
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
source "$(dirname "$0")/../support/cluster.sh"

psdata synth logistic --rows 20000 --features 20 --seed 2 -o data > planted.tsv
start_master
start_servers 1 --reconnect 5s
start_workers 1 2 --reconnect 5s
timeout 100 psctl train data --epochs 4000 --name lost -o lost --quiet \
  --reconnect 5s 2> train.log &
train=$!
until_true 30 has_event lane_applied || die "the job does not begin"
kill_node master
began=$SECONDS
status=0
wait "$train" || status=$?
[[ $status -eq 69 ]] || die "status $status without a master: $(< train.log)"
grep -q master train.log || die "no message: $(< train.log)"
((SECONDS - began < 60)) || die "psctl took $((SECONDS - began)) s to end"
[[ ! -e lost ]] || die "a model was written"
for name in server-1 worker-1 worker-2; do
  until_true 30 gone "${pid_of[$name]}" || die "$name goes on without a master"
  status=0
  wait "${pid_of[$name]}" || status=$?
  unset "pid_of[$name]"
  [[ $status -eq 69 ]] || die "$name ended with $status: $(< "$name.log")"
  grep -q master "$name.log" || die "$name says nothing: $(< "$name.log")"
done
status=0
timeout 60 psctl status 2> status.log || status=$?
[[ $status -eq 69 ]] || die "psctl status: $status: $(< status.log)"
unset PSMITH_MASTER

# Usage: restart_master: kill -9, and another one at the same address.
restart_master() {
  local address
  address=$(< master.ready)
  kill_node master
  start master psctl master --listen "$address"
  ready master
}

# Heartbeats of 1 s: the new master is there before anybody misses the old one.
start master psctl master --listen tcp://127.0.0.1:0
ready master
PSMITH_MASTER=$(< master.ready)
export PSMITH_MASTER
start_servers 1
start_workers 1 2
timeout 100 psctl train data --epochs 4000 --name lost -o lost --quiet \
  2> train.log &
train=$!
until_true 30 has_event lane_applied || die "the second job does not begin"
timeout 100 psctl events --follow > followed.txt 2> follow.log &
follower=$!
until_true 30 grep -q lane_applied followed.txt || die "no event is followed"
restart_master
expect_nodes server 1
expect_nodes worker 2
psctl train data --epochs 1 --name other -o other --quiet > other.txt
status=0
wait "$train" || status=$?
[[ $status -eq 69 ]] || die "status $status after a restart: $(< train.log)"
grep -q 'was restarted; job 1 is lost' train.log ||
  die "no message after a restart: $(< train.log)"
[[ ! -e lost ]] || die "somebody else's model was written"
status=0
wait "$follower" || status=$?
[[ $status -eq 69 ]] || die "events --follow: status $status"
grep -q 'was restarted' follow.log || die "no message: $(< follow.log)"
stop_cluster
say "passed"
