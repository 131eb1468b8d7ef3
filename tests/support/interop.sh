# For tests/interop: a cluster, datasets of every kind, and the Python that
# Debian's packages python3-zmq, python3-msgpack and python3-numpy are for.
# Sourced.
# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
source "$(dirname "${BASH_SOURCE[0]}")/cluster.sh"

# Usage: python TEST.py ARGS...
python() {
  local test=$1
  shift
  /usr/bin/python3 -B "$repo/tests/interop/$test" "$@" ||
    die "$test: status $?"
}

# Without the short heartbeat of other tests: a worker in Python has one thread
# for everything.
start_slow_master() {
  start master psctl master --listen tcp://127.0.0.1:0
  ready master
  PSMITH_MASTER=$(< "$temp/master.ready")
  export PSMITH_MASTER
}

# Three classes by which of two uniform numbers is larger, and their sum.
three_classes() {
  awk -v sparse="$1" 'BEGIN {
    srand(1)
    if (!sparse) print "a,b,class"
    for (i = 0; i < 300; i++) {
      a = rand(); b = rand()
      c = a > b ? 2 : a + b < 0.7 ? 5 : 7
      if (sparse) printf "%d %d:1 %d:%.4f 18446744073709551615:1\n", c,
        7 + int(5 * a), 1000003 * (1 + int(5 * b)), b
      else printf "%.6f,%.6f,%s\n", a, b, c == 2 ? "left" : c == 5 ? "low" : "high"
    }
  }'
}

# Makes datasets and sets `kinds` to their names: dense and sparse; two, three
# or no classes; with weights, several shards, rows held out; values all 1.
# shellcheck disable=SC2034  # for the tests
make_data() {
  kinds=(logistic linear softmax sparse-logistic sparse-linear sparse-softmax
    ones)
  psdata synth logistic --rows 600 --features 5 --format csv --seed 1 \
    -o logistic.csv > planted.txt
  psdata split logistic.csv --label y --holdout 0.2 --shards 2 -o logistic \
    --quiet > info.txt
  psdata synth linear --rows 400 --features 4 --weighted --format csv --seed 2 \
    -o linear.csv > planted.txt
  psdata split linear.csv --label y --weight weight -o linear --quiet > info.txt
  three_classes 0 > softmax.csv
  psdata split softmax.csv --holdout 0.2 -o softmax --quiet > info.txt
  psdata synth logistic --sparse --rows 500 --features 60 --format libsvm \
    --seed 3 -o sparse-logistic.txt > planted.txt
  psdata split sparse-logistic.txt --holdout 0.2 --shards 2 \
    -o sparse-logistic --quiet > info.txt
  psdata synth linear --sparse --rows 300 --features 30 --seed 4 \
    -o sparse-linear > planted.txt
  three_classes 1 > sparse-softmax.txt
  psdata split sparse-softmax.txt -o sparse-softmax --quiet > info.txt
  awk '{ for (i = 2; i <= NF; i++) sub(/:.*/, ":1", $i); print }' \
    sparse-logistic.txt > ones.txt
  psdata split ones.txt --by weight -o ones --quiet > info.txt
}
