#!/usr/bin/env bash
# PROGRAM __complete: the values of every option, arguments, jobs and models of
# a real master; and that it ends by itself, in silence, whatever is wrong.
# tests/style/flags.sh compares the options themselves.
#
#   completions.sh [BIN_DIR]
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
[[ -z ${1:-} ]] || PSMITH_BIN=$1
source "$(dirname "$0")/../support/cluster.sh"

# Usage: ask PROGRAM WORD...: its answer into `answer`, one line each. It must
# end by itself, long before a connection or a wait of another command would.
ask() {
  local status=0
  timeout 4 "$1" __complete "${@:2}" > answer 2> errors < /dev/null ||
    status=$?
  [[ $status -eq 0 ]] || die "$* ends with $status"
  [[ ! -s errors ]] || die "$* writes to stderr: $(< errors)"
  mapfile -t answer < answer
}

# Usage: answers LINE... -- PROGRAM WORD...: whether that is the whole answer.
answers() {
  wanted=()
  while [[ $1 != -- ]]; do
    wanted+=("$1")
    shift
  done
  shift
  ask "$@"
  [[ ${answer[*]} == "${wanted[*]}" && ${#answer[@]} -eq ${#wanted[@]} ]]
}
expect() {
  answers "$@" || die "$* is not the answer: ${answer[*]@Q}"
}
# The same of names of a master, which need luck on a busy machine: they come
# in time or not at all.
expect_names() {
  until_true 60 answers "$@" || die "$* is not the answer: ${answer[*]@Q}"
}

# What completes a value of a type; `candidates` and `last`. A type that is not
# here is not known to tools/cli/complete.cc either.
by_type() {
  candidates=() last=:none
  case $1 in
  *'|'*) IFS='|' read -ra candidates <<<"$1" ;;
  FILE | DATA | PATH) last=:files ;;
  DIR) last=:dirs ;;
  ADDRESS | BYTES | CHAR | COLUMN | COLUMN,... | HOST | N | NAME | ROWS | \
    TEXT | TIME | 'W[,S[,L]]' | X) ;;
  *) die "nothing says what completes a value of type $1" ;;
  esac
}

check_values() {
  local command long type count=0
  while IFS=$'\t' read -r command long type; do
    by_type "$type"
    local -a words=()
    [[ $command == - ]] || words=("$command")
    expect "${candidates[@]}" "$last" -- "$1" "${words[@]}" "--$long" ''
    expect "${candidates[@]/#/--$long=}" "$last --$long=" -- \
      "$1" "${words[@]}" "--$long="
    count=$((count + 1))
  done < <("$1" --dump-options |
    awk -F '\t' -v OFS='\t' '$2 != "" && $4 != "" { print $1, $2, $4 }')
  [[ $count -gt 0 ]] || die "$1 has no option with a value"
}
for program in psctl psdata psinfer psserver psworker; do
  check_values "$program"
done

# Usage: offers WORD PROGRAM WORD...; offers_no: the same of a word that must
# not be there.
offers() {
  ask "${@:2}"
  printf '%s\n' "${answer[@]%%$'\t'*}" | grep -qxF -e "$1" ||
    die "${*:2} does not offer $1"
}
offers_no() {
  ask "${@:2}"
  if printf '%s\n' "${answer[@]%%$'\t'*}" | grep -qxF -e "$1"; then
    die "${*:2} offers $1"
  fi
}

# Commands, and what is said of them.
ask psctl ''
[[ " ${answer[*]} " == *"train"$'\t'"trains a model"* ]] ||
  die "no description of train: ${answer[*]}"
ask psctl
[[ ${answer[0]} == train* ]] || die "without words: ${answer[*]}"
# Options, behind values and in short form too; each once.
offers --optimizer psctl train --
offers --color psctl train data -o model --
offers --json psdata info data --
offers --threads psserver ''
offers_no --optimizer psctl train --optimizer ftrl --
offers_no --output psctl train -o model --
offers_no --output psctl train -qvomodel --
offers --output psctl train -qv --
offers_no --json psctl train --name --json --eval --json -- --
expect -v :none -- psctl train -v
expect ':files -o' -- psctl train -omod
expect ':files -qo' -- psctl train -qomod
expect :none -- psctl nonsense ''
expect :none -- psctl train --nonsense=
expect :none -- psctl train --json=
# Arguments.
expect :files -- psctl train ''
expect :files -- psctl train data more ''
expect :files -- psctl train -- -data
expect :files -- psctl show ./model
expect :none -- psctl show model ./more
expect :files -- psctl evaluate model ''
expect :files -- psinfer model ''
expect :files -- psctl import ''
expect :dirs -- psdata info ''
expect :none -- psdata info data more
expect linear logistic :none -- psdata synth ''
expect bash zsh fish :none -- psctl completion ''
# Where the master is.
expect :none -- psctl jobs --master tcp://127.0.0.1:7
expect ':files @' -- psctl jobs --master @re
expect ':files --master=@' -- psctl jobs --master=@re
# The command itself is in no help.
! psctl --help | grep -q __complete || die "--help lists __complete"

for shell in bash/psctl zsh/_psctl fish/psctl.fish; do
  psctl completion "${shell%/*}" | cmp - "$repo/completions/$shell" ||
    die "psctl completion ${shell%/*} prints another file"
done
psctl completion csh 2> errors && die "there is no completion for csh"
grep -q 'not one of bash, zsh, fish' errors || die "of csh: $(< errors)"

# Jobs and live models of a master.
start_master --job-timeout 1h
start_servers 1
psdata synth logistic --rows 200 --features 3 --seed 1 -o data --quiet > /dev/null
psctl train data --local 1 --epochs 1 --quiet -o model > /dev/null
for name in ctr 'my model' "it's \"q\" \$x" a:b=c; do
  psctl import model --name "$name" > /dev/null
done
psctl train data --detach --name waits --quiet > /dev/null 2>&1
named=('job 1, done' 'job 2, done' 'job 3, done' 'job 4, done')
models=("@ctr	${named[0]}" "@my model	${named[1]}"
  "@it's \"q\" \$x	${named[2]}" "@a:b=c	${named[3]}")
jobs=('1	ctr, done' '2	my model, done' "3	it's \"q\" \$x, done"
  '4	a:b=c, done' '5	waits, queued')
expect_names "${jobs[@]}" :none -- psctl wait ''
expect_names "${jobs[@]}" :none -- psctl events 1
expect_names '5	waits, queued' :none -- psctl cancel ''
expect_names 'waits	job 5, queued' :none -- psctl cancel w
expect_names '@waits	job 5, queued' :none -- psctl cancel @
expect_names "${models[@]}" :files -- psctl show ''
expect_names "${models[@]}" :none -- psinfer @c
expect_names "${models[@]}" :none -- psctl evaluate @
expect_names "${models[@]}" :none -- psctl export ''
expect_names "${models[@]#@}" :none -- psctl export c
expect_names "${jobs[@]:0:4}" :none -- psctl export 1
expect :files -- psctl show ./c
# Who the master is: option, environment, file.
address=$PSMITH_MASTER
export PSMITH_MASTER=tcp://127.0.0.1:1
expect_names "${jobs[@]}" :none -- psctl wait --master "$address" ''
expect_names "${jobs[@]}" :none -- psctl wait "--master=$address" ''
expect_names "${jobs[@]}" :none -- psctl wait --master "@$temp/master.ready" ''
unset PSMITH_MASTER
expect :none -- psctl wait ''
mkdir -p "$XDG_CONFIG_HOME/psmith"
config=$XDG_CONFIG_HOME/psmith/config.toml
printf 'master = "%s"\n' "$address" > "$config"
expect_names "${jobs[@]}" :none -- psctl wait ''
expect_names "${models[@]}" :files -- psinfer ''
printf '[psctl.wait]\nmaster = "%s"\n' "$address" > "$config"
expect_names "${jobs[@]}" :none -- psctl wait ''
expect :none -- psctl cancel ''
# What is wrong leaves the names out, and nothing else.
printf 'no such key = 1\n' > "$config"
expect :none -- psctl wait ''
expect :files -- psctl show ''
rm "$config"
: > empty
mkfifo fifo
for master in nonsense '' @missing @empty @fifo "@$temp" tcp://nowhere.invalid:7 \
  tcp://127.0.0.1:1 ipc:///nowhere/socket inproc://a; do
  expect :none -- psctl wait --master "$master" ''
  expect :files -- psctl show --master "$master" ''
done

# Somebody listens, and says nothing.
/usr/bin/python3 - mute.ready <<'END' &
import socket, sys, time
peer = socket.create_server(("127.0.0.1", 0))
with open(sys.argv[1], "w", encoding="ascii") as ready:
    print("tcp://127.0.0.1:%d" % peer.getsockname()[1], file=ready)
time.sleep(600)
END
pid_of[mute]=$!
until_true 30 test -s mute.ready || die "nobody listens"
expect :none -- psctl wait --master "$(< mute.ready)" ''
expect :files -- psinfer --master "$(< mute.ready)" ''
kill_node mute
# So does a master that is stopped.
kill -STOP "${pid_of[master]}"
expect :none -- psctl wait --master "$address" ''
kill -CONT "${pid_of[master]}"
until_true 30 psctl jobs --master "$address" > /dev/null || die "no master"
expect_names "${jobs[@]}" :none -- psctl wait --master "$address" ''
stop_cluster
expect :none -- psctl wait --master "$address" ''

# Nobody reads the answer.
for out in /dev/full closed; do
  status=0
  if [[ $out == closed ]]; then
    timeout 4 psctl __complete '' 2> errors >&- || status=$?
  else
    timeout 4 psctl __complete '' > "$out" 2> errors || status=$?
  fi
  [[ $status -eq 0 && ! -s errors ]] || die "$out: $status, $(< errors)"
done
say "passed"
