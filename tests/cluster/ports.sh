#!/usr/bin/env bash
# 10,000 random bytes, two bytes, silence, and messages that are well formed
# and make no sense, to every port; a server with an address that is none: no
# process ends or hangs, and a job still works afterwards.
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
source "$(dirname "$0")/../support/cluster.sh"

# The tcp ports of every process: the master's, and those that it names.
ports() {
  { echo "$PSMITH_MASTER" && psctl nodes --json | jq -r '.nodes[].addresses[]'; } |
    sed -n 's|^tcp://.*:||p'
}

# Bytes that look random but are the same in every run.
random_bytes() {
  awk -v count="$1" -v state="$2" 'BEGIN {
    for (i = 0; i < count; i++) {
      state = (state * 16807) % 2147483647
      printf "\\%03o", int(state / 1024) % 256
    }
  }' > octal
  # shellcheck disable=SC2059  # the format is the data
  printf "$(< octal)"
}

stranger=(/usr/bin/python3 "$repo/tests/support/stranger.py")

alive() {
  local name
  for name in "${!pid_of[@]}"; do
    ! gone "${pid_of[$name]}" ||
      die "$name has ended after $1: $(tail -n 3 "$name.log")"
  done
}

psdata synth logistic --rows 5000 --features 10 --seed 1 -o data > planted.tsv

# What a stranger needs to join: the fingerprint, which every node tells.
"${stranger[@]}" fingerprint port.txt > fingerprint.txt &
pid_of[listener]=$!
until_true 30 test -s port.txt || die "no port"
! timeout 20 psworker --master "tcp://127.0.0.1:$(< port.txt)" --timeout 2s \
  > joins.log 2>&1 || die "a worker without a master ends well"
wait "${pid_of[listener]}" || die "no fingerprint"
unset "pid_of[listener]"

# It comes first, so that it has the lead of a job that starts while it is here.
start_master
"${stranger[@]}" join "$PSMITH_MASTER" "$(< fingerprint.txt)" nonsense \
  join.ready > stranger.log 2>&1 &
pid_of[stranger]=$!
until_true 30 test -s join.ready || die "the stranger did not join"
start_servers 2 --threads 2
start_workers 1 3
status=0
timeout 60 psctl train data -o with-stranger --quiet 2> train.err || status=$?
((status < 124)) || die "a job with a stranger: status $status"
[[ $(< join.ready) == refused ]] || kill_node stranger
unset "pid_of[stranger]"
alive "a job with a stranger"
expect_nodes server 2
psctl train data -o before --quiet

random_bytes 10000 4711 > random.bin
printf '\377\000' > two.bin
# The first bytes of a ZMTP greeting, then noise.
{ printf '\377\0\0\0\0\0\0\0\001\177\003\0NULL'; cat random.bin; } > greeting.bin
hit=0
trap "" PIPE
for port in $(ports); do
  for file in random.bin two.bin greeting.bin; do
    exec {noise}<> "/dev/tcp/127.0.0.1/$port"
    cat "$file" >&"$noise" || true
    exec {noise}>&-
    hit=$((hit + 1))
  done
  # A peer that connects, says nothing and stays.
  # shellcheck disable=SC2034
  exec {silent}<> "/dev/tcp/127.0.0.1/$port"
done
# The master, two lanes of each of two servers, three workers.
((hit == 3 * (1 + 4 + 3))) || die "only $hit times a port was hit"
alive "noise"
for port in $(ports); do
  answers=$("${stranger[@]}" ask "tcp://127.0.0.1:$port") || die "port $port is silent"
  # A thousand questions to a worker, which takes 256 at a time.
  ((answers > 10)) || die "port $port: $answers answers"
done
alive "messages without sense"
timeout 60 psctl nodes > nodes.txt || die "psctl nodes: status $?"
expect_nodes server 2
expect_nodes worker 3
timeout 120 psctl train data -o after --quiet || die "train: status $?"
cmp before after || die "another model afterwards"
stop_cluster
say "passed ($hit hits)"
