#!/usr/bin/env bash
# psinfer on one machine: what it prints, in which order, and what bad input
# gets. tests/cluster has it over a cluster.
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
source "$(dirname "$0")/../support/cluster.sh"

data=$repo/examples/data/agaricus

# Usage: expect STATUS COMMAND...: stdout in out.txt, stderr in err.txt
expect() {
  local wanted=$1 status=0
  shift
  "$@" > out.txt 2> err.txt || status=$?
  [[ $status -eq $wanted ]] ||
    die "status $status instead of $wanted: $* ($(head -n 3 err.txt))"
}

lines() { wc -l < "$1"; }

same() { cmp -s "$1" "$2" || die "$1 differs from $2: $3"; }

psctl train "$data/agaricus.txt.train.gz" --quiet -o m.safetensors > train.log
gzip -dc "$data/agaricus.txt.test.gz" > agaricus.test
test=agaricus.test
rows=$(lines "$test")

# One line per record, the same bytes for any number of threads and batches.
psinfer m.safetensors "$test" --local 1 > one.txt
[[ $(lines one.txt) -eq $rows ]] || die "$(lines one.txt) lines of $rows"
for more in "--local 4" "--local 2 --batch 7 --divide random --seed 5" \
  "--local 3 --batch 1 --divide even"; do
  # shellcheck disable=SC2086  # several words
  psinfer m.safetensors "$test" $more > many.txt
  same one.txt many.txt "$more"
done
psinfer m.safetensors < "$test" > many.txt
same one.txt many.txt stdin
gzip -c "$test" | psinfer m.safetensors - > many.txt
same one.txt many.txt gzip
head -n 900 "$test" > a.txt
tail -n +901 "$test" > b.txt
psinfer m.safetensors a.txt b.txt > many.txt
same one.txt many.txt "two inputs"

# Unlabelled records give the same answers, and the answers are right.
sed 's/^[^ ]* //' "$test" | psinfer m.safetensors > many.txt
same one.txt many.txt "no labels"
right=$(cut -d ' ' -f 1 "$test" | paste - one.txt | awk '$1 == $2' | wc -l)
((right * 1000 >= rows * 999)) || die "$right of $rows are right"

# Outputs.
psinfer m.safetensors "$test" --output label > label.txt
cut -f 1 one.txt | cmp -s - label.txt || die "--output label"
psinfer m.safetensors "$test" --output raw > raw.txt
awk 'NR == FNR { raw[FNR] = $1; next }
  (raw[FNR] > 0) != ($1 == 1) { exit 1 }' raw.txt label.txt ||
  die "--output raw disagrees with the label"
psinfer m.safetensors "$test" --output proba > proba.txt
awk 'NR == FNR { p[FNR] = $1; next }
  (p[FNR] > 0.5) != ($1 == 1) { exit 1 }' proba.txt label.txt ||
  die "--output proba disagrees with the label"
psinfer m.safetensors "$test" --json > json.txt
jq -r '[.label, .probability] | @tsv' json.txt | cut -f 1 |
  cmp -s - label.txt || die "--json"
psinfer m.safetensors "$test" --output jsonl | cmp -s - json.txt ||
  die "--output jsonl is not --json"
psinfer m.safetensors "$test" --append | cut -f 1 | cmp -s - "$test" ||
  die "--append changes the record"
psinfer m.safetensors "$test" --append | cut -f 2- | cmp -s - one.txt ||
  die "--append changes the answer"
psinfer m.safetensors "$test" --header > head.txt
[[ $(head -n 1 head.txt) == $'label\tprobability' ]] || die "--header"
tail -n +2 head.txt | cmp -s - one.txt || die "--header changes the answers"

[[ $(psinfer m.safetensors "$test" --header --append | head -n 1 || true) == \
  $'record\tlabel\tprobability' ]] || die "--header --append"

# Columns of CSV match by name, in any order, cut by any delimiter; the answer
# is cut as the input is.
psdata synth linear --rows 500 --features 3 --seed 1 --format csv \
  -o c.csv > planted.tsv
psctl train c.csv --label y --quiet -o c.safetensors > train.log
(($(stat -c %s c.safetensors) < 4096)) ||
  die "a linear model of 3 weights has $(stat -c %s c.safetensors) bytes"
psinfer c.safetensors c.csv > c.txt
[[ $(lines c.txt) -eq 500 ]] || die "$(lines c.txt) lines of 500 rows"
awk -F , -v OFS='\t' '{ print $3, $1, $2 }' c.csv > turned.tsv
psinfer c.safetensors turned.tsv > many.txt
same c.txt many.txt "columns in another order"
psinfer c.safetensors c.csv --append --header > both.csv
head -n 1 c.csv | sed 's/$/,value/' | cmp -s - <(head -n 1 both.csv) ||
  die "header: $(head -n 1 both.csv)"
cut -d , -f 1-4 both.csv | cmp -s - c.csv || die "--append changes a row"
cut -d , -f 5 both.csv | tail -n +2 | cmp -s - c.txt || die "csv answers"
psinfer c.safetensors turned.tsv --append | cut -f 4 | cmp -s - c.txt ||
  die "tsv answers"
cut -d , -f 2- c.csv > missing.csv
expect 65 psinfer c.safetensors missing.csv
grep -q "no column 'x1'" err.txt || die "missing column: $(< err.txt)"
expect 2 psinfer c.safetensors c.csv --output proba

# Metrics go to stderr; stdout stays the same.
expect 0 psinfer m.safetensors "$test" --metrics
same one.txt out.txt --metrics
awk -F '\t' '$1 == "accuracy" { if ($2 < 0.999) exit 1; found = 1 }
  END { exit !found }' err.txt || die "--metrics: $(< err.txt)"
expect 0 psinfer m.safetensors "$test" --metrics --json
jq -e --argjson rows "$rows" \
  'select(.schema == "psmith-metrics-1") | .rows == $rows and .auc > 0.99' \
  err.txt > /dev/null || die "--metrics --json: $(< err.txt)"
echo '1:1 2:1' > unlabelled.txt
expect 65 psinfer m.safetensors unlabelled.txt --metrics
expect 65 psinfer m.safetensors unlabelled.txt --labelled

# Bad records: the answers before them, and where they are.
{ head -n 1000 "$test"; echo '1 7:x'; tail -n +1001 "$test"; } > bad.txt
expect 65 psinfer m.safetensors bad.txt
head -n 1000 one.txt | cmp -s - out.txt || die "answers before a bad record"
grep -q '^psinfer: bad.txt:1001:5: ' err.txt || die "place: $(< err.txt)"
expect 3 psinfer m.safetensors bad.txt --on-bad blank --local 3 --batch 9
[[ -z $(sed -n 1001p out.txt) ]] || die "the bad record's line is not empty"
sed 1001d out.txt | cmp -s - one.txt || die "--on-bad blank"
expect 3 psinfer m.safetensors bad.txt --on-bad blank --json
[[ $(sed -n 1001p out.txt | jq -r .error) == bad.txt:1001:5:* ]] ||
  die "no error in the object"
[[ $(lines out.txt) -eq $((rows + 1)) ]] || die "lines of --on-bad blank"

# A stray quote spoils one line, not those after it.
sed '10s/^/"/' c.csv > quote.csv
expect 3 psinfer c.safetensors quote.csv --on-bad blank
[[ -z $(sed -n 9p out.txt) ]] || die "the spoilt line has an answer"
sed 9d c.txt | cmp -s - <(sed 9d out.txt) || die "answers around a stray quote"

# A record that trickles in is answered before the next one comes.
mkfifo in out
psinfer m.safetensors < in > out 2> err.txt &
pid_of[trickle]=$!
exec 3> in 4< out
for i in 1 2 3; do
  sed -n "${i}p" "$test" >&3
  read -r -t 20 answer <&4 || die "no answer to record $i before the end"
  [[ $answer == "$(sed -n "${i}p" one.txt)" ]] || die "trickle: $answer"
done
exec 3>&-
wait "${pid_of[trickle]}" || die "the trickle ended with status $?"
exec 4<&-
unset 'pid_of[trickle]'

# Nothing is no lines.
expect 0 psinfer m.safetensors /dev/null
[[ ! -s out.txt ]] || die "lines for no records"

# What cannot be read or written.
expect 66 psinfer missing.safetensors "$test"
expect 66 psinfer m.safetensors missing.txt
grep -q missing.txt err.txt || die "the missing file is not named"
expect 66 psinfer m.safetensors .
head -c 300 m.safetensors > short.safetensors
expect 65 psinfer short.safetensors "$test"
expect 65 psinfer "$test" "$test"
status=0
psinfer m.safetensors "$test" > /dev/full 2> err.txt || status=$?
[[ $status -eq 74 ]] || die "/dev/full: status $status"
[[ $(lines err.txt) -le 3 ]] || die "/dev/full: $(< err.txt)"
{
  status=0
  psinfer m.safetensors "$test" 2> err.txt || status=$?
  echo "$status" > status.txt
} | true
[[ $(< status.txt) -eq 141 || $(< status.txt) -eq 0 ]] ||
  die "a closed pipe: status $(< status.txt)"
[[ ! -s err.txt ]] || die "a closed pipe: $(< err.txt)"

# Usage.
expect 2 psinfer
expect 2 psinfer m.safetensors "$test" --metric
grep -q -e '--metrics' err.txt || die "the nearest option is not named"
expect 2 psinfer m.safetensors "$test" --output probability
expect 2 psinfer m.safetensors "$test" --header --json
expect 2 psinfer m.safetensors "$test" --output raw --json
expect 2 psinfer @name "$test"
find_nobody
expect 69 psinfer @name "$test" --master "$nobody"

# --local is that of psctl; the command line beats the environment.
PSMITH_LOCAL=2,1,1 psinfer m.safetensors "$test" > many.txt
same one.txt many.txt "PSMITH_LOCAL=2,1,1"
PSMITH_MASTER=$nobody psinfer m.safetensors "$test" --local 1 > many.txt
same one.txt many.txt "--local before PSMITH_MASTER"
PSMITH_LOCAL=2 expect 69 psinfer m.safetensors "$test" --master "$nobody"
expect 2 psinfer m.safetensors "$test" --local 0
expect 2 psinfer m.safetensors "$test" --local 1 --master "$nobody"
PSMITH_JSON=true PSMITH_HEADER=true psinfer m.safetensors "$test" \
  --output label | tail -n +2 | cmp -s - label.txt || die "PSMITH_JSON"
psinfer - "$test" < m.safetensors > many.txt
same one.txt many.txt "a model from stdin"
expect 2 psinfer - - < m.safetensors
say passed
