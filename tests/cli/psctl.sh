#!/usr/bin/env bash
# psctl on a cluster and in one process: each command does what psctl(1) says,
# and one job has one model however it ran and travelled.
#
#   psctl.sh [BIN_DIR]
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
[[ -z ${1:-} ]] || PSMITH_BIN=$1
source "$(dirname "$0")/../support/cluster.sh"

mkdir tmp
export TMPDIR=$temp/tmp

# Usage: says PATTERN COMMAND...: it succeeds, and prints that.
says() {
  local pattern=$1
  shift
  "$@" > stdout.txt 2> stderr.txt || die "'$*' failed: $(< stderr.txt)"
  grep -qE -- "$pattern" stdout.txt ||
    die "'$*' does not print '$pattern': $(< stdout.txt)"
}

# Usage: ends STATUS COMMAND...
ends() {
  local want=$1 status=0
  shift
  "$@" > stdout.txt 2> stderr.txt || status=$?
  [[ $status -eq $want ]] || die "'$*' ended with $status: $(< stderr.txt)"
}

same() { cmp "$1" "$2" > differs || die "$1 and $2 differ: $3"; }

psdata synth logistic --rows 3000 --features 6 --seed 3 -o dense --quiet > made
psdata synth logistic --rows 3000 --features 300 --sparse --seed 7 \
  --format libsvm -o sparse.svm --quiet > made
sparse=(--holdout 0.1 --patience 3 --eval-every 2)

# In one process: files, stdin and stdout, numbers of everything.
psctl train dense --local 1 -o dense.model --quiet > line
[[ $(cut -f 6 line) == "$(sha_of dense.model)" ]] || die "sha256: $(< line)"
psctl train sparse.svm "${sparse[@]}" --local 1 -o sparse.model --quiet > line
grep -qP '\tmetric\taccuracy\tvalue\t0\.' line || die "result: $(< line)"
gzip -c sparse.svm | psctl train - "${sparse[@]}" --local 3,2,2 -o - \
  > piped.model 2> rows
same sparse.model piped.model "stdin"
grep -qP '^rows\tstep\t' rows || die "no rows in a pipe: $(< rows)"
[[ $(tail -n 1 rows | cut -f 6) == "$(sha_of piped.model)" ]] ||
  die "no result on stderr: $(< rows)"
psctl train dense --local 2 --json --log log -o json.model --quiet > json
jq -es 'last | .schema == "psmith-result-1" and .facts.optimizer != null' \
  json > checked || die "result: $(tail -n 1 json)"
jq -es 'any(.[]; .event == "progress") and any(.[]; .event == "job_done")' \
  log > checked || die "log: $(< log)"
same dense.model json.model "--json"
psctl train dense --steps 3 --local 1 -v --quiet > line
psctl train sparse.svm --by even --shards 3 --local 1 --epochs 1 -o even.model \
  --quiet > line
psdata split sparse.svm -o even --by even --shards 3 --quiet > line
psctl train even --local 1 --epochs 1 -o split.model --quiet > line
same even.model split.model "--by and --shards"
psctl train even --local 1 --epochs 1 --batch 1200 > line 2> notes
grep -q 'batch: at most 1000 rows' notes || die "no bound of a step: $(< notes)"
psctl train even --local 1 --epochs 1 --batch 1000 > line 2> notes
! grep -q 'batch: at most' notes || die "a step that fits: $(< notes)"

# Threads without a micro-batch, and what would give them one.
psctl train dense --local 4 --epochs 1 --batch 24 --micro-batch 8 > line 2> notes
grep -q '1 of 4 threads are idle: .* 3 micro-batches of 8 rows; --batch 32' \
  notes || die "idle threads: $(< notes)"
psctl train dense --local 4 --epochs 1 --batch 32 --micro-batch 8 > line 2> notes
! grep -q idle notes || die "no idle threads: $(< notes)"
psctl train dense --local 4 --epochs 1 --micro-batch 1000 > line 2> notes
grep -q 'threads are idle: .* a smaller --micro-batch or fewer' notes ||
  die "idle threads of small shards: $(< notes)"

# Settings from outside: option beats environment beats file.
mkdir -p config/psmith
printf 'epochs = 1\n[psctl.train]\nseed = 5\n' > config/psmith/config.toml
psctl train dense --local 1 -o file.model --quiet > line
says '^seed +5$' psctl show file.model
says '^epochs +1$' psctl show file.model
PSMITH_EPOCHS=2 psctl train dense --local 1 -o file.model --quiet > line
says '^epochs +2$' psctl show file.model
PSMITH_EPOCHS=2 psctl train dense --epochs 3 --local 1 -o file.model --quiet \
  > line
says '^epochs +3$' psctl show file.model

# What comes from outside gives way to the command line, and is unused where
# it has no meaning.
printf 'label = "y"\nholdout = 0.1\npatience = 2\n' > config/psmith/config.toml
psctl train dense --local 1 -o file.model --quiet > line
same dense.model file.model "raw options in the configuration file"
says '^accuracy' psctl evaluate dense.model dense
rm -r config
psdata synth logistic --rows 300 --features 3 --seed 2 --format csv -o rows.csv \
  --quiet > made
tail -n +2 rows.csv > bare.csv
PSMITH_HEADER=true psctl train bare.csv --no-header --label 4 --local 1 -o bare.model \
  --quiet > line
PSMITH_LIKE=dense.model PSMITH_BETA=3 PSMITH_DETACH=true PSMITH_MICRO_BATCH=3 \
  psctl train even --local 1 --epochs 1 --optimizer sgd -o outside.model --quiet \
  > line
psctl train even --local 1 --epochs 1 --optimizer sgd -o inside.model --quiet \
  > line
same inside.model outside.model "options from outside"
PSMITH_JSON=true psctl train dense --local 1 -o - --quiet > file.model 2> rows
same dense.model file.model "PSMITH_JSON and -o -"

# Notes on what changes nothing, and a label column of another name.
ends 0 psctl train even --local 1 --epochs 1 --eval-every 2 --min-delta 0.1
grep -q 'nothing to evaluate' stderr.txt || die "--eval-every: $(< stderr.txt)"
grep -q 'without --patience' stderr.txt || die "--min-delta: $(< stderr.txt)"
psctl train rows.csv --local 1 -o rows.model --quiet > line
psctl evaluate rows.model rows.csv | grep -v '^data' > as-trained
sed '1s/y/clicked/' rows.csv > renamed.csv
psctl evaluate rows.model renamed.csv --label clicked | grep -v '^data' > renamed
same as-trained renamed "--label of psctl evaluate"
PSMITH_FORMAT=libsvm PSMITH_IGNORE=x1 psctl evaluate rows.model rows.csv |
  grep -v '^data' > renamed
same as-trained renamed "options that psctl evaluate does not have"

# What is inside, and what it is worth.
says '^kind +logistic$' psctl show sparse.model
says '^x[0-9] ' psctl show dense.model --top 1
says '"kind":"logistic"' psctl show dense.model --json
says '^accuracy +0\.[0-9]+$' psctl evaluate dense.model dense
says '"accuracy":0' psctl evaluate sparse.model sparse.svm --json
psctl show dense.model > shown
psctl show - < dense.model > shown-stdin
same shown shown-stdin "a model from stdin"

# Interrupted while it splits or trains: nothing is left. Stopped (Ctrl-Z) for
# longer than a master may be silent: it goes on.
for wait_for in data 'rows\s'; do
  : > rows # what the last one said is no sign of this one
  psctl train sparse.svm --epochs 50000 --local 1 -o stopped.model > line \
    2> rows &
  train=$!
  split() { [[ $wait_for != data ]] || [[ -n $(ls -A tmp) ]]; }
  trains() { [[ $wait_for == data ]] || grep -qP "$wait_for" rows; }
  until_true 30 split || die "nothing is split in TMPDIR"
  until_true 30 trains || die "the job does not begin: $(< rows)"
  kill -INT "$train"
  ends 1 wait "$train"
  [[ ! -e stopped.model ]] || die "an interrupted job left a model"
  [[ -z $(ls -A tmp) ]] || die "left in TMPDIR: $(ls -A tmp)"
done
psctl train dense --local 1 --epochs 2000 -o slow.model > line 2> rows &
train=$!
until_true 30 grep -q '^rows' rows || die "the job does not begin: $(< rows)"
kill -STOP "$train"
sleep 6
kill -CONT "$train"
wait "$train" || die "a stopped job ended with $?: $(< rows)"

# On a cluster.
start_master
start_servers 2 --threads 2
start_workers 1 2
expect_nodes worker 2
expect_nodes server 2
psctl train dense --name ctr -o cluster.model --quiet > line 2> notes
same dense.model cluster.model "a cluster"
psctl train sparse.svm "${sparse[@]}" --name svm -o cluster.model --quiet > line
same sparse.model cluster.model "a cluster"
ends 0 psctl train dense --local 1 --name elsewhere
says '@ctr .*train' psctl models
says 'servers +2' psctl status
says 'worker-1' psctl nodes
says 'done +100%' psctl jobs
says 'job_done' psctl events ctr
says 'accuracy' psctl evaluate @ctr dense
for name in ctr svm; do
  says 'sha256' psctl export "$name" -o out.model
  says 'sha256' psctl import out.model --name "copy-of-$name"
  psctl export "@copy-of-$name" -o - > again.model
  same out.model again.model "import and export"
done
says 'name	stdin' psctl import - < out.model
psctl export @stdin -o - | cmp - out.model || die "import -"
same dense.model <(psctl export ctr -o -) "export"

# A job that is left alone, awaited, cancelled, interrupted.
psctl train dense --detach --epochs 50000 --name ctr > id 2> notes
says "	$(< id)	.*job_submitted" psctl events ctr
ends 124 psctl wait ctr --timeout 1s
says "accuracy" psctl evaluate @ctr dense
psctl train dense --detach --epochs 2 --name next > id2 2> notes
says "behind job $(< id)" psctl events next
says "^job	$(< id)	.*cancelled" psctl cancel ctr
says 'state	done' psctl wait next --timeout 60s
id=$(psctl train dense --detach --epochs 2 --name short 2> notes)
says 'state	done' psctl wait "$id" --timeout 60s
psctl train dense --detach --epochs 50000 --name long > id 2> notes
ends 124 psctl wait long --timeout 1s
says 'cancelled' psctl cancel long
ends 1 psctl wait long
ends 1 psctl cancel next
psctl train dense --epochs 50000 --name stopped -o stopped.model \
  > line 2> notes &
train=$!
until_true 30 has_event progress stopped || die "the job does not begin"
kill -INT "$train"
ends 1 wait "$train"
[[ ! -e stopped.model ]] || die "an interrupted job left a model"
ends 1 psctl wait stopped

# Events come as they happen, until the follower is stopped.
psctl events --follow --json > followed &
follower=$!
psctl train dense --epochs 1 --name seen --quiet > line 2> notes
until_true 10 grep -q 'seen is live' followed || die "events do not follow"
kill -INT "$follower"
wait "$follower" || die "events --follow ended with $?"
[[ -z $(ls -A tmp) ]] || die "left in TMPDIR: $(ls -A tmp)"
stop_cluster
say "passed"
