#!/usr/bin/env bash
# What psdata promises of good data: the same bytes for the same seed, nothing
# lost on the way to shards and back, and memory that does not grow with the
# input. With a number of MB as second argument the large input has that size.
#
#   psdata.sh [BIN_DIR [MB]]
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
[[ -z ${1:-} ]] || PSMITH_BIN=$1
source "$(dirname "$0")/../support/cluster.sh"
big_mb=${2:-150}

# Usage: round_trip NAME SPLIT_OPTION...: text of a dataset's training rows
# makes its shard again.
round_trip() {
  local name=$1
  shift
  psdata split "$@" -o "$name" --shards 1 --quiet > made
  psdata verify "$name" > made
  psdata cat "$name" --part train > "$name.txt"
  psdata split "$name.txt" -o "$name.again" --like "$name" --by even \
    --shards 1 --quiet > made
  cmp "$name/shard-00000.safetensors" "$name.again/shard-00000.safetensors" ||
    die "$name: text lost something that was stored"
}

psdata synth linear --rows 5000 --features 7 --seed 3 --weighted --format csv \
  -o linear.csv > made
psdata synth logistic --rows 5000 --features 200 --seed 3 --format libsvm \
  -o sparse.svm > made
round_trip linear linear.csv --weight weight --holdout 0.2
round_trip sparse sparse.svm --holdout 0.2
data=$repo/../shared/data
if [[ -d $data ]]; then
  round_trip letter "$data/letter/letter-recognition.data" --holdout 0.2
  round_trip skin "$data/skin-nonskin/Skin_NonSkin.txt.gz" --seed 1
  round_trip dna "$data/dna/dna.scale"
  round_trip agaricus "$data/agaricus/agaricus.txt.train.gz"
else
  say "there is no ../shared/data beside the repository: synthetic data only"
fi

# Without a header, columns that were ignored are missing in the text.
tail -n +2 linear.csv > bare.csv
round_trip bare bare.csv --label 8 --weight 9 --ignore 2,5

# The text of the rows in order is the input.
psdata split sparse.svm -o even --by even --shards 3 --quiet > made
psdata cat even | cmp - sparse.svm || die "a libsvm file did not come back"
psdata split linear.csv -o even-csv --by even --weight weight --label y \
  --quiet > made
psdata cat even-csv | cmp - linear.csv || die "a CSV file did not come back"

# The same seed and data: the same bytes, from a file, a pipe, with any memory.
psdata split linear.csv -o a --holdout 0.1 --seed 7 --quiet > made
gzip -c linear.csv | psdata split - -o b --holdout 0.1 --seed 7 --memory 1K \
  --quiet > made
diff -r a b || die "the same seed made other bytes"

# Usage: peak FILE: the most RssAnon (kB) of a split of it.
peak() {
  local most=0 now
  psdata split "$1" -o split --quiet > made &
  pid_of[split]=$!
  until gone "${pid_of[split]}"; do
    now=$(awk '/^RssAnon/ { print $2 }' "/proc/${pid_of[split]}/status" \
      2> /dev/null || true)
    ((${now:-0} <= most)) || most=$now
    sleep 0.01
  done
  wait "${pid_of[split]}"
  unset 'pid_of[split]'
  rm -r split
  echo "$most"
}

# Usage: bounded NAME SYNTH_OPTION...: 1.5 times or 64 MB more for any input.
bounded() {
  local name=$1 rows small large
  shift
  psdata synth "$@" --rows 5000 -o "$name" > made
  rows=$((10 * 1000000 / ($(stat -c %s "$name") / 5000)))
  psdata synth "$@" --rows "$rows" -o "$name" > made
  small=$(peak "$name")
  psdata synth "$@" --rows $((rows * big_mb / 10)) -o "$name" > made
  large=$(peak "$name")
  rm "$name"
  say "$name: RssAnon $small kB for 10 MB, $large kB for $big_mb MB"
  ((large <= small + 65536 || 2 * large <= 3 * small)) ||
    die "memory grows with the input"
}

bounded many-columns linear --features 50 --format csv
bounded many-keys linear --features 1000 --density 0.05 --format libsvm
say passed
