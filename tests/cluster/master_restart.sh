#!/usr/bin/env bash
# kill -9 of a master with a journal, again and again in the middle of a job:
# each time it is started again, all nodes keep their numbers and their work,
# the job is never started again, whoever follows or waits goes on, and the model
# has the bits of a calm run. A submission and a cancellation that were answered
# outlive the master. A disk that refuses ends it with 74, a damaged journal with
# 65, one that another master has with 73.
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
source "$(dirname "$0")/../support/cluster.sh"

# Usage: begin_master ARGS...: at the address that it had, if it had one.
step_of() { psctl jobs --json | jq '[.jobs[] | select(.job == 1) | .step] | first // 0'; }
passed() { [[ $(step_of) -gt $1 ]]; }

psdata synth logistic --rows 20000 --features 20 --seed 2 -o data > planted.tsv
psctl train data --epochs 100 -o calm --quiet > calm.txt
begin_master
start_servers 2
start_workers 1 2
before=$(node_numbers)
timeout 300 psctl train data --epochs 100 --name ctr -o model --quiet \
  > train.txt 2> train.log &
train=$!
until_true 30 has_event lane_applied || die "the job does not begin"
timeout 300 psctl wait ctr > wait.txt 2> wait.log &
wait=$!
timeout 300 psctl events --follow > followed.txt 2> follow.log &
follower=$!
waiting=$(psctl train data --epochs 1 --name next --detach --quiet)
cancelled=$(psctl train data --epochs 1 --name never --detach --quiet)
psctl cancel "$cancelled" > cancel.txt

for ((i = 1; i <= 5; i++)); do
  step=$(step_of)
  kill_node master
  ((i != 2)) || sleep 1.2 # long enough to be missed
  begin_master
  [[ $(node_numbers) == "$before" ]] || die "restart $i: other nodes: $(node_numbers)"
  until_true 30 passed "$step" || die "the job stands still at step $step"
  grep -q 'in state knows 3 jobs and awaits 4 nodes' master.log ||
    die "restart $i: $(< master.log)"
done
[[ $(psctl jobs --json | jq '.jobs[0].state') == '"running"' ]] ||
  die "the kills did not hit a running job"
for pid in "$train" "$wait"; do
  wait "$pid" || die "a follower ended with $?: $(cat train.log wait.log)"
done
for log in train.log follow.log; do
  grep -q 'is silent; waits for it' "$log" || die "$log: $(< "$log")"
done
[[ $(sha_of model) == "$(sha_of calm)" ]] || die "another model than the calm one"
[[ $(event_count job_restarted) -eq 0 ]] || die "the job was started again"
[[ $(event_count server_expired) -eq 0 && $(event_count worker_expired) -eq 0 ]] ||
  die "a node was given up"
[[ $(event_count master_started) -eq 6 ]] || die "not 5 restarts"
timeout 100 psctl wait "$waiting" > next.txt || die "the job that waited: $?"
status=0
psctl wait "$cancelled" > never.txt 2> never.log || status=$?
[[ $status -eq 1 ]] || die "the cancelled job: status $status"
until_true 30 grep -q "next is live" followed.txt || die "events are not followed"
kill "${follower}"
wait "$follower" || true
cut -f 1 followed.txt | grep -v seq | sort -n | uniq -d > twice.txt
[[ ! -s twice.txt ]] || die "events came twice: $(< twice.txt)"

status=0
timeout 30 psctl master --listen tcp://127.0.0.1:0 --state state 2> second.log ||
  status=$?
[[ $status -eq 73 ]] || die "a second master with the journal: $status"
grep -q 'is in use' second.log || die "$(< second.log)"
kill_node master

# The third fsync from here fails: a submission is not answered, and not made.
if command -v strace > needed.txt; then
  begin_master strace -f -qq -o trace.txt -e trace=fdatasync,fsync \
    -e inject=fdatasync,fsync:error=EIO:when=3+
  status=0
  for ((i = 1; i <= 5; i++)); do
    timeout 30 psctl train data --epochs 1 --name "late-$i" --detach --quiet \
      --reconnect 1s > "late-$i.txt" 2>> late.log || status=$?
  done
  [[ $status -eq 69 ]] || die "a submission to a full disk: $status"
  grep -q 'asks again' late.log || die "psctl says nothing: $(< late.log)"
  status=0
  wait "${pid_of[master]}" || status=$?
  unset 'pid_of[master]'
  [[ $status -eq 74 ]] || die "a journal that cannot be written: $status"
  grep -q 'state/journal.sqlite' master.log || die "$(< master.log)"
  begin_master
  for ((i = 1; i <= 5; i++)); do
    [[ ! -s late-$i.txt ]] || psctl status > status.txt
    [[ ! -s late-$i.txt ]] || psctl jobs | grep -q "late-$i" ||
      die "late-$i was accepted and is lost"
  done
fi
stop_cluster

printf 'garbage' > state/journal.sqlite
rm -f state/journal.sqlite-*
status=0
timeout 30 psctl master --listen tcp://127.0.0.1:0 --state state 2> damaged.log ||
  status=$?
[[ $status -eq 65 ]] || die "a damaged journal: $status: $(< damaged.log)"
say "passed"
