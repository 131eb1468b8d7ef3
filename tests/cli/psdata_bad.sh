#!/usr/bin/env bash
# Bad input to psdata: each case ends with its exit status and a message that
# names what is wrong and where, and leaves nothing under the output's name.
#
#   psdata_bad.sh [BIN_DIR]
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
[[ -z ${1:-} ]] || PSMITH_BIN=$1
source "$(dirname "$0")/../support/cluster.sh"

mkdir out
cases=0

# Usage: bad STATUS PATTERN COMMAND...: its status, its message, no crumbs.
# Input comes from the file `stdin`.
bad() {
  local want=$1 pattern=$2 status=0
  shift 2
  timeout 60 "$@" > stdout.txt 2> stderr.txt < stdin || status=$?
  [[ $status -eq $want ]] ||
    die "'$*' ended with $status, not $want: $(< stderr.txt)"
  grep -qE -- "$pattern" stderr.txt ||
    die "'$*' does not say '$pattern': $(< stderr.txt)"
  [[ -z $(ls -A out) ]] || die "'$*' left $(ls -A out)"
  cases=$((cases + 1))
}

# Usage: good ROWS COMMAND...: succeeds, and its dataset has so many rows.
good() {
  local rows=$1
  shift
  "$@" > stdout.txt 2> stderr.txt < stdin || die "'$*' failed: $(< stderr.txt)"
  [[ $(psdata cat out/d --json | wc -l) -eq $rows ]] ||
    die "'$*' did not make $rows rows"
  psdata verify out/d > verified.txt || die "'$*' made a bad dataset"
  rm -r out/d
  [[ -z $(ls -A out) ]] || die "'$*' left $(ls -A out)"
  cases=$((cases + 1))
}

# Usage: bad_text STATUS PATTERN TEXT [OPTION...]: a file in, and on stdin.
bad_text() {
  local status=$1 pattern=$2
  printf '%b' "$3" | tee stdin > in
  shift 3
  bad "$status" "in:$pattern" psdata split in -o out/d "$@"
  bad "$status" "stdin:$pattern" psdata split - -o out/d "$@"
  : > stdin
}

good_text() {
  printf '%b' "$2" > in
  good "$1" psdata split in -o out/d "${@:3}"
}

: > stdin
psdata synth logistic --rows 3000 --features 30 --seed 1 --format libsvm \
  -o svm --quiet > made
psdata synth linear --rows 20000 --features 10 --seed 1 --format csv -o csv \
  --quiet > made
psdata split svm -o data --holdout 0.2 --quiet > made

# Missing, empty, no file.
bad 66 'nosuch: no such file' psdata split nosuch -o out/d
bad 66 'data: is a dataset, not a file' psdata split data -o out/d
bad 65 'stdin: empty, there are no records' psdata split - -o out/d
bad_text 65 ' empty, there are no records' ''
bad_text 65 ' there are no records' '\n\n'
bad_text 65 ' cannot guess the format' 'word\n'
bad_text 65 ' lines end with a lone carriage return' 'a,y\r1,2\r'
bad_text 65 ' there are no records' 'a,y\n'
bad_text 65 ' there are no records' '# only words\n' --format libsvm

# libsvm.
bad_text 65 '2:1: the row has no label' '1 1:1\n1:2 3:4\n'
bad_text 65 '1:5: .nan. is not a finite number' '1 1:nan\n'
bad_text 65 '1:5: .-inf. is not a finite number' '1 1:-inf\n'
bad_text 65 '1:1: label .nan. is not a finite number' 'nan 1:1\n'
bad_text 65 '2:5: .1e999. is beyond the range' '1 1:1\n1 1:1e999\n'
bad_text 65 '1:5: .abc. is not a number' '1 1:abc\n'
bad_text 65 '1:1: label .spam. is not a number' 'spam 1:1\n'
bad_text 65 "1:5: no value after '7:'" '1 7:\n'
bad_text 65 '1:3: .7. is not index:value' '1 7\n0 1:1\n'
bad_text 65 "1:3: index '18446744073709551616' is 2\^64 or more" \
  '1 18446744073709551616:1\n'
bad_text 65 "1:3: index '-5' is negative" '1 -5:1\n'
bad_text 65 '3:7: index 3 after 5: indices must grow' '1 1:1\n\n1 5:1 3:1\n'
bad_text 65 '1:7: index 5 appears twice in the row' '1 5:1 5:1\n'
bad_text 65 '1:3: qid: is not supported' '1 qid:3 5:1\n'
bad_text 65 '2:5: a NUL byte: this is not text' '1 5:1\n2 3:\x001\n'
good_text 2 '1 1:1\r\n0 18446744073709551615:0.5'
good_text 3 '# words\n+1 1:1 # x\n\n-1\n1 0:2\n'

bad_text 65 ' libsvm has no columns' '1 5:1\n' --label y

# CSV.
bad_text 65 " no label: the file has no header" '1,2,3\n4,5,6\n'
bad_text 65 " --label 'z': no such column" 'a,y\n1,2\n' --label z
bad_text 65 " no features" 'y\n1\n' --format csv
bad_text 65 "3:3: column 'b': 'abc' is not a number" 'a,b,y\n1,2,3\n4,abc,6\n'
bad_text 65 "2:5: column 'y': 'nan' is not a finite" 'a,b,y\n1,2,nan\n4,5,6\n'
bad_text 65 "3:5: column 'y': 'oops' is not a number" \
  'a,b,y\n1,2,3\n4,5,oops\n'
bad_text 65 "2:3: column 'b': '1e999' is beyond" 'a,b,y\n1,1e999,3\n'
bad_text 65 "2:3: column 'b': the field is empty" 'a,b,y\n1,,3\n'
bad_text 65 '3:4: the row has 2 fields, not 3' 'a,b,y\n1,2,3\n4,6\n'
bad_text 65 '2:6: the row has 4 fields, not 3' 'a,b,y\n4,6,7,8\n'
bad_text 65 '3:1: the quoted field that begins here is not closed' \
  'a,b,y\n1,2,3\n"4,5,6\n'
bad_text 65 "2:3: weight '-1' is negative" 'a,w,y\n1,-1,3\n' --weight w
bad_text 65 '2:3: a NUL byte' 'a,y\n1,\x00\n'
bad_text 65 " columns 1 and 2 have the same name 'a'" 'a,a,y\n1,2,3\n'
bad 65 'hint: --ignore 2 leaves the second one out' psdata split in -o out/d
good_text 1 'a,a,y\n1,2,3\n' --ignore 2
good_text 1 '1 01:30;5;3.4028235e38\n' --label 3 --ignore 1
good_text 2 'a,b,y\r\n1,2,3\r\n"4",5,6'
good_text 2 '\xef\xbb\xbfa\tb\ty\n1\t2\tx\n4\t5\t"y\nz"\n'
good_text 2 '1 2  3\n4 5 6\n' --label 3

# Bad records may be left out, and are counted.
printf '1 1:1\n1 x:1\n1 5:1 3:1\n0 1:1\n' > in
good 2 psdata split in -o out/d --skip-bad 2
grep -q 'bad records left out: 1 index, 1 order' stderr.txt ||
  die "bad records are not counted: $(< stderr.txt)"
bad 65 'in:3:7: .*indices must grow' psdata split in -o out/d --skip-bad 1
grep -q 'one more than --skip-bad 1 allows' stderr.txt ||
  die "the limit is not named: $(< stderr.txt)"

# A stray quote spoils one line.
{ echo a,b,y && seq 1000 | sed 's/.*/&,2,3/; 10s/^/"/'; } > in
good 999 psdata split in -o out/d --skip-bad 1
grep -q 'bad records left out: 1 quote' stderr.txt ||
  die "the stray quote is not counted: $(< stderr.txt)"

# Labels may be too many for a model, though not for a dataset.
{ echo a,y && seq 90000 | awk '{ printf "%d,%0100dx\n", $1, $1 }'; } > in
bad 65 'the label has 90000 values, too many for a model' \
  psctl train in -o out/model --local 1

# A record over the limit.
head -c 17000000 /dev/zero | tr '\0' '1' > long
bad 65 'long:1:1: the record is longer than 16 MiB' \
  psdata split long -o out/d --format libsvm
bad 65 'long:1:1: the record is longer than 16 MiB' \
  psdata split long -o out/d --format csv

# Compressed, cut and damaged.
gzip -c svm > svm.gz
head -c 5000 svm.gz > cut.gz
bad 65 'cut.gz: byte 5001: the gzip data ends in the middle' \
  psdata split cut.gz -o out/d
{ head -c 5000 svm.gz && printf 'damage' && tail -c +5007 svm.gz; } > hurt.gz
bad 65 'hurt.gz: byte [0-9]+: damaged gzip data' psdata split hurt.gz -o out/d
good 3000 psdata split svm.gz -o out/d
cat svm.gz svm.gz > twice.gz
good 6000 psdata split twice.gz -o out/d
if command -v zstd > found; then
  zstd -qc svm > svm.zst
  good 3000 psdata split svm.zst -o out/d
  head -c 5000 svm.zst > cut.zst
  bad 65 'cut.zst: byte 5001: the zstd data ends' psdata split cut.zst -o out/d
fi
head -c 10000 /dev/urandom > random
bad 65 'random' psdata split random -o out/d

# Datasets: one bit, one byte less, something else.
damaged() { rm -rf bad && cp -r data bad; }
damaged
printf '\x40' | dd of=bad/shard-00000.safetensors bs=1 seek=20000 \
  conv=notrunc status=none
bad 65 'bad/shard-00000.safetensors: .*sha256' psdata verify bad
damaged && truncate -s -1 bad/shard-00000.safetensors
bad 65 'bad/shard-00000.safetensors: ' psdata verify bad
bad 65 'shard-00000.safetensors: ' psdata cat bad
damaged && rm bad/shard-00001.safetensors
bad 66 'shard-00001.safetensors' psdata verify bad
damaged && sed -i 's/"seed":0/"seed":1/' bad/manifest.json
bad 65 'bad/manifest.json: ' psdata info bad
damaged && truncate -s 100 bad/manifest.json
bad 65 'bad/manifest.json: ' psdata verify bad
bad 66 'nosuch' psdata info nosuch
bad 66 'out' psdata cat out

# Outputs that cannot be.
bad 73 'cannot create data: it exists' psdata split svm -o data
bad 73 'cannot create out/no/d: no such file' psdata split svm -o out/no/d
bad 73 'is not a dataset' psdata split svm -o "$HOME" --force
bad 73 'it exists' psdata synth linear -o data
mkdir web && echo '{"name": "a page"}' > web/manifest.json && echo hi > web/a
bad 73 'cannot replace web: it is not a dataset' \
  psdata split svm -o web --force
bad 73 'cannot replace web: it is not a dataset' psdata synth linear -o web --force
[[ -s web/a && -s web/manifest.json ]] || die '--force deleted a folder'
psdata split svm -o mixed --quiet > made && cp svm mixed/svm
bad 73 "cannot replace mixed: it holds 'svm'" \
  psdata split mixed/svm -o mixed --force
cmp -s svm mixed/svm || die '--force deleted its input'
bad 2 'cannot go to standard output' psdata split svm -o -
bad 2 'cannot go to standard output' psdata synth linear -o -
bad 74 'cannot write' bash -c 'psdata cat data > /dev/full'
bad 74 'cannot write' bash -c 'psdata info data > /dev/full'
bad 74 'cannot write' psdata synth linear --format csv -o /dev/full
[[ -c /dev/full ]] || die '/dev/full was replaced'
status=0
psdata cat data | head -n 1 > line || status=$?
[[ $status -eq 0 || $status -eq 141 ]] || die "a closed pipe gives $status"
psdata split csv -o kept --seed 1 --quiet > made
psdata split csv -o kept --seed 1 --quiet --force > again
cmp -s made again || die '--force makes another dataset'

# Usage.
bad 2 "unknown option '--holdot' \(did you mean '--holdout'" \
  psdata split svm -o out/d --holdot 0.1
bad 2 "unknown command 'splt'.*'split'" psdata splt svm
bad 2 'INPUT is missing' psdata split -o out/d
bad 2 '--output is missing' psdata split svm
bad 2 'DATA is missing' psdata verify
bad 2 'KIND is missing' psdata synth -o out/d
bad 2 'INPUT: an empty value' psdata split '' -o out/d
bad 78 "variable PSMITH_ROWS: --rows: '0' is not" \
  env PSMITH_ROWS=0 psdata head svm
bad 2 "^psdata: --rows: '0' is not" psdata head -n 0 svm
bad 2 "'linea' \(did you mean 'linear'" psdata synth linea -o out/d
bad 2 '--holdout' psdata split svm -o out/d --holdout 1.5
bad 2 '--shards' psdata split svm -o out/d --shards 0
bad 65 '--shards 4000: there are only 3000' \
  psdata split svm -o out/d --shards 4000
printf '7 1:1\n' > seven.svm
bad 65 "seven.svm:1:1: label '7' is none of the 2 known ones" \
  psdata split seven.svm -o out/d --like data
bad 2 '--like: an empty value' psdata split svm -o out/d --like ''
bad 2 '--format csv: --like data is for libsvm' \
  psdata split svm -o out/d --like data --format csv
bad 2 'data is for libsvm, which has no columns' \
  psdata split svm -o out/d --like data --header
bad 78 'variable PSMITH_SEED' env PSMITH_SEED=many psdata split svm -o out/d

# A signal ends a split, and nothing is left.
mkfifo pipe
psdata split pipe -o out/d --quiet > stdout.txt 2> stderr.txt &
pid_of[split]=$!
exec 3> pipe
cat csv >&3
begun() { [[ -n $(ls -A out) ]]; }
until_true 20 begun || die 'the split does not begin'
kill -INT "${pid_of[split]}"
status=0
wait "${pid_of[split]}" || status=$?
exec 3>&-
[[ $status -eq 1 ]] || die "an interrupted split ends with $status"
[[ -z $(ls -A out) ]] || die "an interrupted split left $(ls -A out)"

# Nor by two signals, of which the second ends it at once.
for ((i = 0; i < 5; ++i)); do
  psdata split pipe -o out/d --quiet > stdout.txt 2> stderr.txt &
  pid_of[split]=$!
  exec 3> pipe
  cat csv >&3
  until_true 20 begun || die 'the split does not begin'
  kill -INT "${pid_of[split]}"
  kill -TERM "${pid_of[split]}"
  wait "${pid_of[split]}" || true
  exec 3>&-
  [[ -z $(ls -A out) ]] || die "two signals left $(ls -A out)"
done

# A limit on the size of files.
bad 74 'hint: ulimit -f' \
  bash -c 'ulimit -f 100 && exec psdata split csv -o out/d'

# A full file system.
mkdir full
if mount -t tmpfs -o size=1m tmpfs full 2> refused; then
  status=0
  (
    bad 74 'no space left on device' psdata split csv -o full/d
    bad 74 'no space left on device' \
      psdata synth linear --rows 100000 --format csv -o full/csv
  ) || status=$?
  left=$(ls -A full)
  umount full
  [[ $status -eq 0 && -z $left ]] || die "a full file system kept '$left'"
else
  say "no file system can be mounted here: a full one is not tried"
fi
say "passed: $cases cases"
