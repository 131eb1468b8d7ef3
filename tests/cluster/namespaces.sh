#!/usr/bin/env bash
# Three hosts on one switch: network namespaces with a cable each. A host with
# a server and a worker is cut off in the middle of a job, and comes back; the
# master's host is cut off, the master killed, started again and found by its
# nodes, though TCP would not try their old connections for as long again; a
# cable becomes slow. The models have the bits of calm runs.
#
# Needs root (skipped without). Everything is in the namespaces, the switch too.
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
source "$(dirname "$0")/../support/cluster.sh"

prefix=psmith-$$
subnet=10.77.7
hosts=(1 2 3)

remove_hosts() {
  local each
  for each in switch "${hosts[@]}"; do
    ip netns del "$prefix-$each" 2>> removed.log || true
  done
}

make_hosts() {
  local each
  ip netns add "$prefix-switch" 2> needed.txt || return 1
  at_end+=(remove_hosts)
  ip -n "$prefix-switch" link add bridge type bridge || return 1
  ip -n "$prefix-switch" link set bridge up
  for each in "${hosts[@]}"; do
    ip netns add "$prefix-$each"
    ip -n "$prefix-switch" link add "port$each" type veth \
      peer name cable netns "$prefix-$each" || return 1
    ip -n "$prefix-switch" link set "port$each" master bridge up
    ip -n "$prefix-$each" address add "$subnet.$each/24" dev cable
    ip -n "$prefix-$each" link set cable up
    ip -n "$prefix-$each" link set lo up
  done
}
cut_off() { ip -n "$prefix-switch" link set "port$1" down; }
heal() { ip -n "$prefix-switch" link set "port$1" up; }

# Usage: on HOST COMMAND...
on() { ip netns exec "$prefix-$1" "${@:2}"; }
psctl() { on 1 "$(type -P psctl)" "$@"; }

begin_host_master() {
  start master ip netns exec "$prefix-1" "$(type -P psctl)" master --insecure \
    --listen "tcp://$subnet.1:7700" --heartbeat 200ms --state state
  ready master
}
# Usage: begin_node HOST NAME PROGRAM ARGS...
begin_node() {
  start "$2" ip netns exec "$prefix-$1" "$3" --name "$2" --insecure \
    --advertise "$subnet.$1" --listen "tcp://$subnet.$1:0" "${@:4}"
}
runs() { has_event lane_applied "$1" 2>> poll.log; }
# Usage: submit NAME ARGS...
submit() {
  psctl train "${@:2}" --name "$1" -o "$1.model" --quiet \
    > "$1.txt" 2> "$1.log" &
  train=$!
  until_true 60 runs "$1" || die "$1 does not begin"
}
# Usage: same_bits NAME CALM
same_bits() {
  wait "$train" || die "$1: $?: $(< "$1.log")"
  cmp "$1.model" "$2" || die "$1: another model than the calm run's"
}

command -v ip tc > needed.txt || skip "iproute2 is not installed"
make_hosts || skip "cannot make network namespaces: $(< needed.txt)"

psdata synth logistic --rows 20000 --features 20 --seed 2 -o data > planted.tsv
psdata split "$repo/examples/data/agaricus/agaricus.txt.train.gz" -o mushrooms \
  --seed 1 --quiet > split.txt 2> split.log
dense=(data --epochs 60)
sparse=(mushrooms --epochs 60 --batch 64 --optimizer ftrl)
"$(type -P psctl)" train "${dense[@]}" --local 1 -o dense.calm --quiet > calm.txt
"$(type -P psctl)" train "${sparse[@]}" --local 1 -o sparse.calm --quiet >> calm.txt

begin_host_master
PSMITH_MASTER=tcp://$subnet.1:7700
export PSMITH_MASTER
for i in 2 3; do begin_node "$i" "server-$i" psserver --threads 1; done
for i in 1 2 3; do begin_node "$i" "worker-$i" psworker --threads 1; done
for i in server-{2,3} worker-{1,2,3}; do ready "$i"; done

# A host with a server and a worker.
submit cut "${dense[@]}" --checkpoint-dir "$PWD/kept" --checkpoint-every 50
cut_off 3
lost() { has_event server_expired && has_event worker_expired; }
until_true 20 lost || die "nobody misses host 3"
heal 3
has_event job_restarted cut || die "the cut did not hit the job"
expect_nodes server 2
expect_nodes worker 3
same_bits cut dense.calm

# The master's host, for longer than TCP takes to lose patience.
before=$(node_numbers)
expired=$(($(event_count server_expired) + $(event_count worker_expired)))
submit alone "${dense[@]}" --seed 3
cut_off 1
kill_node master
sleep 14
begin_host_master
heal 1
until_true 30 up_for 7000 || die "the master is not there: $(psctl status --json)"
[[ $(node_numbers) == "$before" ]] || die "other nodes: $(node_numbers), not $before"
again=$(($(event_count server_expired) + $(event_count worker_expired)))
((again == expired)) || die "$((again - expired)) nodes were given up"
"$(type -P psctl)" train "${dense[@]}" --seed 3 --local 1 -o alone.calm --quiet > calm.txt
same_bits alone alone.calm

# A slow cable.
on 2 tc qdisc add dev cable root tbf rate 4mbit burst 8kb latency 200ms
submit slow "${sparse[@]}"
same_bits slow sparse.calm
limited=$(on 2 tc -s qdisc show dev cable | sed -n 's/.*overlimits \([0-9]*\).*/\1/p' | head -n 1)
((limited > 0)) || die "the limit was not felt"
stop_cluster
say "passed (the slow cable held $limited packets up)"
