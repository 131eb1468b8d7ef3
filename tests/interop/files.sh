#!/usr/bin/env bash
# Python opens every file that the programs write, with numpy and
# psmith-formats(5), and finds in it what the input and the programs say.
# shellcheck source-path=SCRIPTDIR source=../support/interop.sh
source "$(dirname "$0")/../support/interop.sh"

make_data
python test_files.py "${kinds[@]}"
say "passed"
