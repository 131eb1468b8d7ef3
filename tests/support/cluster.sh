# A cluster of real processes on loopback, for tests/cluster and tests/cli.
# Sourced. $PSMITH_BIN is the folder of the programs (or they are in $PATH).
# Everything started is ended by its id when the script ends; $temp, where the
# script runs, is removed.
# shellcheck shell=bash
set -euo pipefail
export LC_ALL=C

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
[[ -z ${PSMITH_BIN:-} ]] || PATH=$(cd "$PSMITH_BIN" && pwd):$PATH
# No setting of the caller's reaches the programs.
while IFS='=' read -r name _; do
  [[ $name == PSMITH_BIN ]] || unset "$name"
done < <(env | grep '^PSMITH_')
temp=$(mktemp -d)
export HOME=$temp XDG_CONFIG_HOME=$temp/config
cd "$temp"

declare -A pid_of=()
at_end=() # commands, for when the processes have ended
test_name=$(basename "$0" .sh)

say() { echo "$test_name: $*"; }

die() {
  say "FAILED: $*" >&2
  exit 1
}

# Ends the test as skipped.
skip() {
  say "skipped: $*" >&2 # stdout may be that of $(...)
  exit 99
}

# The data sets that lie beside the repository, where they do.
shared_data() {
  [[ -d $repo/../shared/data/$1 ]] ||
    skip "there is no ../shared/data/$1 beside the repository"
  (cd "$repo/../shared/data/$1" && pwd)
}

# Usage: until_true SECONDS COMMAND...: runs it until it succeeds.
until_true() {
  local limit=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < limit)) || return 1
    sleep 0.03
  done
}

gone() { ! kill -0 "$1" 2>/dev/null; }

end_all() {
  local status=$? name pid
  trap - EXIT
  if [[ $status -ne 0 && $status -ne 99 ]]; then
    say "status $status; what the processes wrote last:" >&2
    tail -n 5 "$temp"/*.log >&2 2>/dev/null || true
  fi
  for name in "${!pid_of[@]}"; do
    kill "${pid_of[$name]}" 2>/dev/null || true
  done
  for name in "${!pid_of[@]}"; do
    until_true 10 gone "${pid_of[$name]}" || kill -9 "${pid_of[$name]}" || true
    wait "${pid_of[$name]}" 2>/dev/null || true
  done
  # Commands in the background that no name stands for.
  for pid in $(jobs -p); do
    kill "$pid" 2>/dev/null || continue
    until_true 10 gone "$pid" || kill -9 "$pid" || true
    wait "$pid" 2>/dev/null || true
  done
  for name in "${at_end[@]}"; do "$name" || true; done
  cd /
  rm -rf "$temp"
  exit "$status"
}
trap end_all EXIT

# Usage: start NAME PROGRAM ARGS...: in the background, with a ready-file.
start() {
  local name=$1
  shift
  rm -f "$temp/$name.ready"
  "$@" --ready-file "$temp/$name.ready" > "$temp/$name.log" 2>&1 &
  pid_of[$name]=$!
}

ready() {
  until_true 30 test -s "$temp/$1.ready" || die "$1 is not ready"
}

start_master() {
  start master psctl master --listen tcp://127.0.0.1:0 --heartbeat 200ms "$@"
  ready master
  PSMITH_MASTER=$(< "$temp/master.ready")
  export PSMITH_MASTER
}

# Usage: begin_master COMMAND...: under it, with a journal; where the one before
# it listened.
begin_master() {
  start master "$@" psctl master --listen "${PSMITH_MASTER:-tcp://127.0.0.1:0}" \
    --heartbeat 200ms --state state
  ready master
  PSMITH_MASTER=$(< "$temp/master.ready")
  export PSMITH_MASTER
}

# Usage: start_servers COUNT ARGS...; start_workers FIRST LAST ARGS...
start_servers() {
  local i count=$1
  shift
  for ((i = 1; i <= count; i++)); do
    start "server-$i" psserver --name "server-$i" "$@"
  done
  for ((i = 1; i <= count; i++)); do ready "server-$i"; done
}

start_workers() {
  local i first=$1 last=$2
  shift 2
  for ((i = first; i <= last; i++)); do
    start "worker-$i" psworker --name "worker-$i" "$@"
  done
  for ((i = first; i <= last; i++)); do ready "worker-$i"; done
}

# Usage: kill_node NAME: kill -9. stop_node NAME: SIGTERM; it must end.
kill_node() {
  kill -9 "${pid_of[$1]}"
  wait "${pid_of[$1]}" 2>/dev/null || true
  unset "pid_of[$1]"
}

stop_node() {
  local status=0
  kill "${pid_of[$1]}"
  wait "${pid_of[$1]}" || status=$?
  unset "pid_of[$1]"
  return "$status"
}

stop_cluster() {
  local name
  for name in "${!pid_of[@]}"; do [[ $name == master ]] || stop_node "$name"; done
  [[ -z ${pid_of[master]:-} ]] || stop_node master
  unset PSMITH_MASTER
}

# Sets `nobody` to an address of this machine where no one listens: that of a
# master that is gone.
find_nobody() {
  start_master
  # shellcheck disable=SC2034  # for the tests
  nobody=$PSMITH_MASTER
  stop_cluster
}

# Usage: start_proxy NAME LISTEN TARGET: tests/support/proxy.py, at $proxy.
# tell_proxy NAME COMMAND: until it has done so.
start_proxy() {
  /usr/bin/python3 "$repo/tests/support/proxy.py" "${@:2}" "$temp/$1.fifo" \
    "$temp/$1.said" > "$temp/$1.log" 2>&1 &
  pid_of[$1]=$!
  until_true 30 test -s "$temp/$1.said" || die "the proxy $1 is not ready"
  # shellcheck disable=SC2034  # for the tests
  proxy=tcp://$(head -n 1 "$temp/$1.said")
}

said() { [[ $(wc -l < "$temp/$1.said") -gt $2 ]]; }

tell_proxy() {
  local before
  before=$(wc -l < "$temp/$1.said")
  echo "$2" > "$temp/$1.fifo"
  until_true 10 said "$1" "$before" || die "the proxy $1 does not $2"
}

# Usage: up_for MS: has the master been there for longer?
up_for() { [[ $(psctl status --json | jq .uptime_ms) -gt $1 ]]; }

# Who is there, by number.
node_numbers() { psctl nodes --json | jq -c '[.nodes[] | [.node, .name]]'; }

# Usage: node_count ROLE
node_count() {
  psctl nodes --json | jq --arg role "$1" \
    '[.nodes[] | select(.role == $role)] | length'
}

# Usage: expect_nodes ROLE COUNT: waits until the master has as many.
has_nodes() { [[ $(node_count "$1") -eq $2 ]]; }
expect_nodes() { until_true 30 has_nodes "$1" "$2" || die "no $2 ${1}s"; }

# Usage: event_count KIND [JOB]
event_count() {
  psctl events ${2:+"$2"} --json | jq -s --arg kind "$1" \
    '[.[] | select(.event == $kind)] | length'
}
has_event() { [[ $(event_count "$@") -gt 0 ]]; }

sha_of() { sha256sum "$1" | cut -d ' ' -f 1; }

# Anonymous memory of a process in KiB; 0 once it is gone.
rss_anon() {
  awk '/^RssAnon:/ { print $2; found = 1 } END { if (!found) print 0 }' \
    "/proc/$1/status" 2>/dev/null || echo 0
}
