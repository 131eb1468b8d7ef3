#!/usr/bin/env bash
# A client in Python, written from psmith-protocol(7), reads and writes weights,
# predicts, and sees what psctl sees.
# shellcheck source-path=SCRIPTDIR source=../support/interop.sh
source "$(dirname "$0")/../support/interop.sh"

make_data
start_master
start_servers 2 --threads 2
start_workers 1 2 --threads 1
expect_nodes worker 2
for data in "${kinds[@]}"; do
  psctl train "$data" --epochs 2 --name "$data" -o "$data.model" --quiet \
    > result.txt
done
python test_page.py "$repo/man/psmith-protocol.7"
python test_client.py "${kinds[@]}"
stop_cluster
say "passed"
