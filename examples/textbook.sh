#!/usr/bin/env bash
# The textbook's parameter server, as a story in seven moments: a master, one
# server and three workers on loopback fit a line through 100,000 points.
#
# The data is made here, from weights that are then known; the model must find
# them again. Where python3 has numpy, an independent program also compares
# the model with the least-squares solution. The programs are those in
# $PSMITH_BIN, or in $PATH.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
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
nodes=()

# Ends what this script started, by id.
end() {
  [[ ${#nodes[@]} -eq 0 ]] || kill "${nodes[@]}" 2>/dev/null || true
  wait
  rm -rf "$temp"
}
trap end EXIT
cd "$temp"

echo "== the data: y = x w + b + noise, 100,000 rows of 10 features"
made=(synth linear --rows 100000 --features 10 --noise 0.1 --seed 1)
psdata "${made[@]}" -o lin > planted.tsv
cat planted.tsv

echo "== the processes: a master, a server, three workers"
psctl master --listen tcp://127.0.0.1:0 --ready-file master 2> master.log &
nodes+=($!)
export PSMITH_MASTER=@master
psserver --ready-file server-1 2> server.log &
nodes+=($!)
for i in 1 2 3; do
  psworker --ready-file "worker-$i" 2> "worker-$i.log" &
  nodes+=($!)
done
for file in server-1 worker-{1,2,3}; do
  for ((tries = 0; tries < 300; tries++)); do
    [[ ! -s $file ]] || break
    sleep 0.1
  done
  [[ -s $file ]] || { echo "$file is not ready"; cat ./*.log; exit 1; }
done

echo "== the job"
psctl train lin --model linear --name line -o m

echo "== the story, from psctl events"
psctl events > events.tsv
awk -F '\t' '
  # The first event of a kind, as a line of the story.
  function tell(moment, kind, what) {
    if (!(kind in text)) {
      print "no event " kind > "/dev/stderr"
      missing = 1
      return
    }
    printf "%d. %s: %s\n", moment, what, text[kind]
  }
  NR > 1 {
    if (!($5 in text)) text[$5] = $6
    seen[$5]++
  }
  END {
    tell(1, "master_started", "the master starts")
    tell(1, "worker_joined", "and counts " seen["worker_joined"] " workers, the first")
    tell(2, "leases_granted", "it gives a worker a task")
    tell(3, "worker_read", "the worker reads its data")
    tell(4, "worker_computed", "it computes gradients")
    tell(5, "worker_pushed", "it sends them")
    tell(6, "lane_applied", "their sum is applied to the weights")
    tell(7, "job_done", "then the next task, or the end")
    exit missing
  }' events.tsv

echo "== the weights: planted, found"
psctl show m --top 10 > shown.txt
awk '
  NR == FNR { planted[$1 == "bias" ? "(bias)" : $1] = $2; next }
  NF == 3 && $1 in planted {
    found++
    gap = $3 - planted[$1]
    if (gap < 0) gap = -gap
    if (gap > worst) worst = gap
    printf "%-8s %10.5f %10.5f\n", $1, planted[$1], $3
  }
  END {
    printf "largest difference from the planted weights: %.2g\n", worst
    exit !(found == 11 && worst < 0.005)
  }' planted.tsv shown.txt

check=$here/../tests/golden/least_squares.py
if [[ -f $check ]]; then
  for python in python3 /usr/bin/python3; do
    "$python" -c 'import numpy' 2>/dev/null || continue
    psdata "${made[@]}" --format csv -o lin.csv > planted.tsv
    "$python" "$check" m lin.csv 1e-3
    break
  done
fi
