#!/usr/bin/env bash
# Memory does not grow with the input: psdata split and a worker, 10 MB
# against 1 GB (memory.sh MB for another size). A server
# stays within 32 MB + 1.2 x (2 x weights + slots + partial sums) for softmax
# on 1,000 dense features x 10,000 classes.
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
source "$(dirname "$0")/../support/cluster.sh"

large_mb=${1:-1000}

# Usage: watch PID OF: sets rss to the largest RssAnon (KiB) of process OF
# until process PID has ended; the test ends if PID failed.
watch() {
  local now
  rss=0
  while ! gone "$1"; do
    now=$(rss_anon "$2")
    ((now <= rss)) || rss=$now
    sleep 0.02
  done
  wait "$1" || die "status $?"
}

# Usage: within WHAT SMALL LARGE (KiB): large <= max(1.5 small, small + 64 MB)
within() {
  local bound=$(($2 * 3 / 2))
  ((bound >= $2 + 65536)) || bound=$(($2 + 65536))
  say "$1: $2 KiB for 10 MB, $3 KiB for $large_mb MB"
  (($2 > 0 && $3 > 0)) || die "$1: nothing was measured"
  (($3 <= bound)) || die "$1: more than $((bound / 1024)) MiB"
}

# Usage: rows_file NAME MB: csv of 20 features, from one file of 10 MB.
rows_file() {
  local i
  : > "$1.csv"
  head -n 1 rows.csv > "$1.csv"
  for ((i = 0; i < $2 / 10; i++)); do tail -n +2 rows.csv; done >> "$1.csv"
}

# Usage: split_peak NAME; worker_peak NAME: set rss.
split_peak() {
  psdata split "$1.csv" -o "$1" --label y --quiet > "$1.txt" &
  watch $! $!
}

worker_peak() {
  start_workers 1 1
  psctl train "$1" --epochs 1 --quiet > train.txt &
  watch $! "${pid_of[worker-1]}"
  stop_node worker-1
}

psdata synth logistic --rows 55000 --features 20 --seed 5 --format csv -o rows.csv > planted.tsv
((10000000 <= $(stat -c %s rows.csv))) || die "rows.csv is below 10 MB"
rows_file small 10
rows_file large "$large_mb"
split_peak small
small=$rss
split_peak large
within "psdata split" "$small" "$rss"
rm ./*.csv

start_master
start_servers 1
worker_peak small
small=$rss
worker_peak large
within "a worker" "$small" "$rss"
rm -r small large
stop_cluster

# 1,000 features x 10,000 classes: weights of 40 MB. Two rows a class, so that
# every class is there; the text is short: features are 0 but one.
awk 'BEGIN {
  for (j = 0; j < 1000; j++) printf "x%d,", j
  print "label"
  for (i = 0; i < 20000; i++) {
    line = ""
    for (j = 0; j < 1000; j++) line = line (j == i % 1000 ? i % 7 + 1 : 0) ","
    print line "c" i % 10000
  }
}' | psdata split - -o wide --format csv --label label --quiet > wide.txt
start_master
start_servers 1
start_workers 1 2
weights=40040 # KiB: (1000 + 1) x 10000 floats
# Slots of adagrad: one float a weight. Partial sums: at most three subtrees
# of each of two workers, held or arriving.
bound=$((32768 + 12 * (2 * weights + weights + 2 * 3 * weights) / 10))
psctl train wide --model softmax --optimizer adagrad --steps 6 --quiet > train.txt &
watch $! "${pid_of[server-1]}"
say "a server: $((rss / 1024)) MiB, weights $((weights / 1024)) MiB, bound $((bound / 1024)) MiB"
((rss > weights)) || die "nothing was measured"
((rss <= bound)) || die "a server takes $((rss / 1024)) MiB"
stop_cluster
say "passed"
