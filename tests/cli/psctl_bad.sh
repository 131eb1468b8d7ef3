#!/usr/bin/env bash
# Bad input to psctl: each case ends with its exit status and a message that
# names what is wrong, and leaves nothing behind.
#
#   psctl_bad.sh [BIN_DIR]
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
[[ -z ${1:-} ]] || PSMITH_BIN=$1
source "$(dirname "$0")/../support/cluster.sh"

mkdir tmp out
export TMPDIR=$temp/tmp
cases=0

# Usage: bad STATUS PATTERN COMMAND...: its status, its message, no crumbs.
bad() {
  local want=$1 pattern=$2 status=0
  shift 2
  timeout 60 "$@" > stdout.txt 2> stderr.txt < /dev/null || status=$?
  [[ $status -eq $want ]] ||
    die "'$*' ended with $status, not $want: $(< stderr.txt)"
  grep -qE -- "$pattern" stderr.txt ||
    die "'$*' does not say '$pattern': $(< stderr.txt)"
  [[ $(grep -c '' < stderr.txt) -le 8 ]] || die "'$*' says too much"
  clean "$@"
  cases=$((cases + 1))
}

clean() {
  [[ -z $(ls -A tmp) ]] || die "'$*' left $(ls -A tmp) in TMPDIR"
  [[ -z $(ls -A out) ]] || die "'$*' left $(ls -A out)"
}

psdata synth logistic --rows 300 --features 4 --seed 1 -o data --quiet > made
psdata synth logistic --rows 300 --features 4 --seed 1 --format csv -o good.csv \
  --quiet > made
psctl train data --local 1 --epochs 1 --quiet -o model > made
: > empty
mkdir folder
head -c 5000 /dev/zero | tr '\0' 'q' > words
printf '1 1:2\n0 1:x\n' > text.svm
printf '1 1:2\n1 2:3\n' > one-class.svm

sed 's/,[01]$/,7/' good.csv > sevens.csv
bad 65 "sevens.csv:2:[0-9]+: label '7' is none of the 2 known ones" \
  psctl train sevens.csv --like model --local 1 -o out/m
bad 65 "label '7' is none of the 2 known ones" \
  psctl train sevens.csv --like data --local 1 -o out/m
psctl train sevens.csv --like data --model linear --local 1 -o out/m --quiet \
  > made || die "labels of a linear model"
rm out/m

# What comes from outside is named.
bad 78 "variable PSMITH_LOCAL: --local: '0'" \
  env PSMITH_LOCAL=0 psctl train data -o out/m
bad 78 "variable PSMITH_MASTER: --master: bad address 'garbage'" \
  env PSMITH_MASTER=garbage psctl status
bad 2 "^psctl: --master: bad address 'garbage'" psctl status --master garbage
mkdir -p config/psmith
echo 'delimiter = "abc"' > config/psmith/config.toml
bad 78 "config.toml:1.*: --delimiter: 'abc'" \
  psctl train good.csv --local 1 -o out/m
rm -r config

# Usage.
bad 2 'unknown option .--optimiser.*--optimizer' \
  psctl train data --optimiser ftrl -o out/m
bad 2 "unknown command 'trian'.*'train'" psctl trian data
bad 2 'DATA is missing' psctl train
bad 2 'DATA: an empty value' psctl train ''
bad 2 '^psctl: --output: an empty value' psctl train data --local 1 -o ''
bad 2 '--like: an empty value' psctl train good.csv --local 1 --like '' -o out/m
bad 2 'a command is missing' psctl
bad 2 '--rate: .abc. is not a number' psctl train data --rate abc -o out/m
bad 2 "--model: 'logistc' \(did you mean 'logistic'\?\)" \
  psctl train data --model logistc
bad 2 "--local: '0'" psctl train data --local 0 -o out/m
bad 2 '--detach needs a cluster' psctl train data --detach
bad 2 'exclude each other' \
  psctl train data --local 1 --master tcp://127.0.0.1:1 -o out/m
bad 2 '--patience needs something to evaluate' \
  psctl train data --local 1 --patience 2 -o out/m
bad 2 '--patience needs something to evaluate' \
  psctl train words --local 1 --patience 2 -o out/m
bad 2 "--local: '0'" psctl train words --local 0 -o out/m
bad 73 'cannot write good.csv: it is the input' \
  psctl train good.csv --label y -o good.csv
bad 73 'cannot write ./good.csv: it is the input' \
  psctl train data --eval good.csv -o ./good.csv
bad 73 'cannot write data/m: it is within the input data' \
  psctl train data -o data/m
bad 73 'cannot write good.csv: it is the input' \
  psctl train data --eval good.csv --log good.csv -o out/m
bad 2 'name the same file' psctl train data -o both --log both
bad 73 'cannot create no/such/folder' \
  psctl train data --checkpoint-dir no/such/folder --checkpoint-every 1 -o out/m
printf 'a,w,y\n1,0,0\n2,0,1\n3,0,1\n' > weightless.csv
bad 65 'every row that was trained on has weight 0' \
  psctl train weightless.csv --label y --weight w --local 1 --quiet -o out/m
bad 2 'no master is named' psctl jobs
bad 78 'variable PSMITH_EPOCHS.*many' \
  env PSMITH_EPOCHS=many psctl train data -o out/m
mkdir -p config/psmith
printf '[psctl]\n\nepoch = 3\n' > config/psmith/config.toml
bad 78 "config.toml:3: unknown key 'epoch' \(did you mean 'epochs'\?\)" \
  psctl train data -o out/m
printf '[psctl.train]\nepochs = "x"\n' > config/psmith/config.toml
bad 78 'config.toml:2: --epochs' psctl train data -o out/m
printf 'epochs = [\n' > config/psmith/config.toml
bad 78 'config.toml:[0-9]+' psctl train data -o out/m
printf '[psctl.trian]\nepochs = 3\n' > config/psmith/config.toml
bad 78 "config.toml:2: unknown table .psctl.trian.*'trian' .did you mean 'train'" \
  psctl train data -o out/m
printf '[psctl]\n# \303\244\nquiet = true\n \303\244 = 1\n' > config/psmith/config.toml
bad 78 'config.toml:4:' psctl train data -o out/m
printf 'label = \303\244\n' > config/psmith/config.toml
bad 78 'config.toml:1:9: ' psctl train data -o out/m
printf 'rate = """\\\n \303\244"""\n' > config/psmith/config.toml
bad 78 $'config.toml:1: --rate: .\303\244' psctl train data -o out/m
rm -r config
bad 2 'header' psctl train good.csv --header --no-header -o out/m
bad 2 '--timeout.*too short' psctl train data --timeout 0 -o out/m
bad 2 '--timeout.*too short' psctl wait 1 --timeout 0
bad 2 '--job-timeout.*too short' psctl master --job-timeout 0
bad 2 '--detach does not follow' \
  psctl train data --detach --log out/log --master tcp://127.0.0.1:1
bad 2 '--detach does not follow' \
  psctl train data --detach --timeout 9s --master tcp://127.0.0.1:1
bad 2 '--log names a file' psctl train data --log - -o out/m
bad 73 'nowhere' psctl train words --log nowhere/log -o out/m
bad 66 'folder' psctl jobs --master @folder

# Data.
bad 66 'nothing.csv' psctl train nothing.csv -o out/m
bad 65 'empty' psctl train empty -o out/m
bad 66 'folder' psctl train folder -o out/m
bad 65 'words' psctl train words -o out/m
bad 65 'text.svm:2:5' psctl train text.svm -o out/m
bad 65 'one|1 distinct|two' \
  psctl train one-class.svm --model logistic -o out/m
bad 65 'two distinct|numbers as labels|3 distinct' \
  sh -c 'printf "a,b,y\n1,2,p\n3,4,q\n5,6,r\n" |
    psctl train - --format csv --label y --model logistic -o out/m'
bad 2 'is a dataset' psctl train data --label y -o out/m

# Output.
bad 73 'nowhere' psctl train data --local 1 --epochs 1 -o nowhere/m
bad 74 'standard output' \
  sh -c 'psctl train data --local 1 --epochs 1 -o model2 > /dev/full'
rm -f model2
bad 74 '/dev/full' psctl train data --local 1 --epochs 1 -o /dev/full
[[ -c /dev/full ]] || die "/dev/full was replaced"
bad 74 'standard output' sh -c 'psctl show model > /dev/full'
bad 74 'standard output' sh -c 'psctl --help > /dev/full'
bad 74 'standard output' sh -c 'psctl show model >&-'
bad 74 'standard output' sh -c 'psctl train data --local 1 --epochs 1 >&-'

# Models.
bad 66 'nothing' psctl show nothing
bad 66 'folder' psctl show folder
bad 65 'empty' psctl show empty
bad 65 'words' psctl show words
size=$(stat -c %s model)
for part in 1 7 8 100 $((size / 2)) $((size - 1)); do
  head -c "$part" model > cut.model
  bad 65 'cut' psctl show cut.model
  bad 65 'cut' psctl evaluate cut.model data
done
for at in 0 5 9 60 $((size / 2)) $((size - 1)); do
  byte=$(od -An -tu1 -j "$at" -N 1 model)
  cp model flipped
  # shellcheck disable=SC2059  # the format is the byte
  printf "\\$(printf %03o $((byte ^ 16)))" |
    dd of=flipped bs=1 seek="$at" conv=notrunc status=none
  bad 65 'flipped' psctl show flipped
done
bad 66 'nothing.csv' psctl evaluate model nothing.csv
bad 65 'empty' psctl evaluate model empty
bad 65 'otherwise|column' psctl evaluate model one-class.svm
{ head -n 3 good.csv && sed -n '4s/[^,]*$/7/p' good.csv; } > odd.csv
bad 65 "odd.csv:4:[0-9]+: label '7' is none of the 2 known ones" \
  psctl evaluate model odd.csv
bad 65 "odd.csv:4:[0-9]+: label '7' is none of the 2 known ones" \
  psctl train data --eval odd.csv --local 1 -o out/m
bad 65 "odd.csv:4:[0-9]+: label '7' is none of the 2 known ones" \
  psinfer model odd.csv --metrics
bad 2 "unknown option '--format'" psctl evaluate model good.csv --format csv
bad 2 "unknown option '--ignore'" psctl evaluate model good.csv --ignore x1
bad 2 "'x1' is a feature" psctl evaluate model good.csv --label x1
bad 2 "'y' cannot be both label and weight" \
  psctl evaluate model good.csv --weight y
bad 65 "no label column 'nothing'" psctl evaluate model good.csv --label nothing
bad 2 'is a dataset' psctl evaluate model data --label y
bad 2 'both be stdin' psctl evaluate - -
bad 2 'both be stdin' psinfer -

# The cluster.
find_nobody
bad 69 "cannot reach master $nobody " psctl jobs --master "$nobody"
bad 69 'cannot reach master' psctl train data --master "$nobody" -o out/m
bad 2 'nonsense' psctl jobs --master nonsense
bad 2 'nonsense' psctl master --listen nonsense
bad 77 '--insecure' psctl master --listen tcp://0.0.0.0:0
bad 2 'nobody reaches inproc' psctl master --listen inproc://x
bad 65 'good.csv: not a safetensors file' psctl show good.csv
mkdir -p config/psmith/config.toml
bad 78 'config.toml: not a regular file' psctl jobs
rm -r config/psmith
# A peer that answers every message in a way of its own.
cat > fake.py << 'PYTHON'
import sys

import msgpack
import zmq

REFUSED, JOIN_OK = 44, 2
socket = zmq.Context().socket(zmq.ROUTER)
port = socket.bind_to_random_port("tcp://127.0.0.1")
answers = {
    "refuses": {0: REFUSED, 1: 9, 2: [], 3: "wire_version", 4: "version 9"},
    "speaks": {0: JOIN_OK, 1: 9, 2: [], 4: 1000, 5: 4},
}
answer = answers.get(sys.argv[1])
frame = msgpack.packb(answer) if answer else bytes(range(200, 250))
with open(sys.argv[3], "w") as ready:
    ready.write(f"tcp://127.0.0.1:{port}\n")
while True:
    socket.send_multipart([socket.recv_multipart()[0], frame])
PYTHON
/usr/bin/python3 -c 'import msgpack, zmq' ||
  die "needs python3-msgpack and python3-zmq (packages.txt)"
for kind in refuses speaks babbles; do
  start "$kind" /usr/bin/python3 fake.py "$kind"
  ready "$kind"
  bad 69 'master tcp://127.0.0.1:[0-9]+.*(version 9|bad header)' \
    psctl jobs --master "@$kind.ready"
  bad 69 'master tcp://127.0.0.1:[0-9]+.*(version 9|bad header)' \
    psctl train data --master "@$kind.ready" -o out/m
  kill_node "$kind"
done
start_master
bad 73 "${PSMITH_MASTER#tcp://}|in use" psctl master --listen "$PSMITH_MASTER"
bad 66 'no job 99' psctl wait 99
bad 66 'ghost' psctl cancel ghost
bad 66 'ghost' psctl show @ghost
bad 66 'ghost' psctl export @ghost -o out/m
for command in wait cancel show export evaluate import; do
  words=("$command" '')
  [[ $command != evaluate ]] || words+=(data)
  [[ $command != export ]] || words+=(-o out/m)
  bad 2 '^psctl: (JOB|MODEL|FILE): an empty value' psctl "${words[@]}"
done
bad 2 '^psinfer: MODEL: an empty value' psinfer '' good.csv
bad 2 '^psinfer: MODEL is missing' psinfer
for word in 0 @; do
  for command in wait cancel show export evaluate; do
    words=("$command" "$word")
    [[ $command != show && $command != evaluate ]] || words=("$command" "@")
    [[ $command != evaluate ]] || words+=(data)
    [[ $command != export ]] || words+=(-o out/m)
    bad 2 "names no job" psctl "${words[@]}"
  done
done
bad 2 "names no job" psinfer @ good.csv
bad 124 'not done after 1s; job 1 was cancelled' \
  psctl train data --timeout 1s -o out/m
bad 65 'model-cut' sh -c 'head -c 99 model > model-cut; psctl import model-cut'

# An import that is interrupted, or takes too long, leaves no job behind.
psctl import model --name alone > stdout.txt 2> stderr.txt &
import=$!
until_true 10 has_event job_waiting alone || die "the import does not wait"
kill -INT "$import"
status=0
wait "$import" || status=$?
[[ $status -eq 1 ]] || die "an interrupted import: $status: $(< stderr.txt)"
has_event job_cancelled alone || die "an interrupted import goes on"
bad 124 'import is queued after 1s' psctl import model --name late --timeout 1s
has_event job_cancelled late || die "an import that is late goes on"
# Waiting for a ready-file is no silence; a master that fails leaves that of
# the one that runs alone.
echo "$PSMITH_MASTER" > first.ready
psctl master --listen "$PSMITH_MASTER" --ready-file first.ready 2> stderr.txt &&
  die "two masters on one port"
[[ $(< first.ready) == "$PSMITH_MASTER" ]] || die "a ready-file is gone"
bad 124 'waits for none.ready' timeout 2 psctl jobs --master @none.ready
stop_cluster
say "passed: $cases cases"
