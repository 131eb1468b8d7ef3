#!/usr/bin/env bash
# What the programs answer to a Python client that errs, by psmith-protocol(7);
# they and the models that they hold survive it.
# shellcheck source-path=SCRIPTDIR source=../support/interop.sh
source "$(dirname "$0")/../support/interop.sh"

make_data
start_slow_master
start_servers 1 --threads 2
start_workers 1 1 --threads 1
expect_nodes worker 1
data=sparse-logistic
psctl train "$data" --epochs 2 --name "$data" -o "$data.model" --quiet \
  > result.txt
python test_errors.py "$data" "${pid_of[worker-1]}"
wait "${pid_of[worker-1]}" || die "the worker ended with $?"
unset "pid_of[worker-1]"
stop_cluster
say "passed"
