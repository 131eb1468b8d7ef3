#!/usr/bin/env bash
# A cluster by hand: a master, two servers and three workers, each a process
# of its own, talking tcp over loopback. On several machines the same commands
# run with the master's address instead of @master.
#
# A job trains on mushrooms (examples/data/agaricus/SOURCE.txt) while one
# worker is killed; the live model answers from the servers. The programs are
# those in $PSMITH_BIN, or in $PATH.
set -euo pipefail

data=$(cd "$(dirname "${BASH_SOURCE[0]}")/data/agaricus" && pwd)
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

echo "== start: a master, 2 servers, 3 workers"
psctl master --listen tcp://127.0.0.1:0 --ready-file master 2> master.log &
nodes+=($!)
for i in 1 2; do
  psserver --master @master --name "server-$i" --threads 2 \
    --ready-file "ready-server-$i" 2> "server-$i.log" &
  nodes+=($!)
done
for i in 1 2 3; do
  psworker --master @master --name "worker-$i" \
    --ready-file "ready-worker-$i" 2> "worker-$i.log" &
  nodes+=($!)
done
victim=${nodes[-1]}

# @FILE waits until the master has written its address there.
export PSMITH_MASTER=@master
for name in server-{1,2} worker-{1,2,3}; do
  for ((tries = 0; tries < 300; tries++)); do
    [[ ! -s ready-$name ]] || break
    sleep 0.1
  done
  [[ -s ready-$name ]] || { echo "$name is not ready: $(cat "$name.log")"; exit 1; }
done
psctl nodes

echo "== split: a dataset that every worker can read"
psdata split "$data/agaricus.txt.train.gz" -o mushroom

echo "== train, and kill a worker (kill -9) while it works"
psctl train mushroom --name mushroom --epochs 40 --eval mushroom \
  -o mushroom.safetensors --log run.jsonl &
job=$!
for ((tries = 0; tries < 300; tries++)); do
  psctl events > seen.tsv
  ! grep -q worker_computed seen.tsv || break
  kill -0 "$job" || break
  sleep 0.05
done
kill -9 "$victim"
wait "$victim" 2>/dev/null || true
unset 'nodes[-1]' # the victim: not to be ended again
wait "$job"
psctl nodes

echo "== the model is the same that one machine alone makes, to the bit"
psctl train mushroom --local 1 --epochs 40 --eval mushroom --quiet \
  -o alone.safetensors
sha256sum -- *.safetensors
cmp mushroom.safetensors alone.safetensors

echo "== predict: from the live model, on the cluster's workers"
gzip -dc "$data/agaricus.txt.test.gz" | psinfer @mushroom --metrics > answers.tsv
head -n 3 answers.tsv
gzip -dc "$data/agaricus.txt.test.gz" | paste - answers.tsv | awk '
  { right += ($1 == $(NF - 1)) }
  END { printf "%d of %d mushrooms are told apart correctly\n", right, NR
        exit right < 0.999 * NR }'
