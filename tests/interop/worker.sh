#!/usr/bin/env bash
# A worker in Python, written from psmith-protocol(7), trains models on real
# servers: alone, where every number that it pulls and pushes is looked at, and
# beside a real worker.
# shellcheck source-path=SCRIPTDIR source=../support/interop.sh
source "$(dirname "$0")/../support/interop.sh"

make_data
start_slow_master
export SECOND=$temp/second
start_servers 2 --threads 2
python test_worker.py "${kinds[@]}" &
test=$!
until_true 250 test -e "$SECOND" -o ! -e "/proc/$test" || die "it hangs"
[[ ! -e $SECOND ]] || start_workers 1 1 --threads 1
wait "$test"
stop_cluster
say "passed"
