#!/usr/bin/env bash
# Every `$ ...` line in the EXAMPLES of every man page runs. The lines of a
# page run in one shell, in a new folder with the example files below and with
# PSMITH_MASTER naming a small cluster that holds the model @ctr; each must
# succeed. Processes that they leave behind end with the page.
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
source "$(dirname "$0")/../support/cluster.sh"

# The files that the examples speak of; psmith(7) EXAMPLES names them.
example_files() {
  psdata synth logistic --rows 2000 --features 5 --seed 1 --format csv \
    -o train.csv
  psdata synth logistic --rows 200 --features 5 --seed 2 --format csv \
    -o test.csv
  cut -d , -f 1-5 test.csv > new.csv
  psdata synth logistic --rows 2000 --features 50 --seed 1 --format libsvm \
    -o train.txt
  psdata synth logistic --rows 200 --features 50 --seed 1 --format libsvm \
    -o test.txt
  gzip -k train.csv train.txt
  psdata split train.csv -o data --label y --holdout 0.1 --quiet
  psctl train data --name ctr -o model.safetensors --quiet
} > ../made.txt

# The commands of a page: lines of EXAMPLES that open with `$ `; a backslash
# at the end continues a line.
commands_of() {
  mandoc -T ascii -O width=1000 "$1" | sed 's/.\x08//g' | awk '
    /^[A-Z]/ { inside = /^EXAMPLES/ }
    !inside { next }
    continued || /^ *\$ / {
      line = $0
      sub(/^ *(\$ )?/, "", line)
      continued = sub(/\\$/, "", line)
      printf "%s%s", line, continued ? "" : "\n"
    }'
}

# Runs the commands of stdin, one a line, and names the one that fails.
run_commands() {
  # shellcheck disable=SC2016  # expanded by the shell of the page
  {
    echo 'set -eo pipefail'
    echo 'trap '\''kill $(jobs -p) 2> /dev/null || true; wait'\'' EXIT'
    echo 'trap '\''echo "failed: $BASH_COMMAND" >&2'\'' ERR'
    cat
  } > commands.sh
  timeout 300 bash commands.sh > out.txt 2> err.txt < /dev/null
}

run_page() {
  local page=$1 count
  count=$(commands_of "$repo/man/$page" | grep -c . || true)
  total=$((total + count))
  ((count > 0)) || return 0
  cp -r "$temp/files" "$temp/$page"
  cd "$temp/$page"
  if ! run_commands < <(commands_of "$repo/man/$page"); then
    say "$page: $(tail -n 3 err.txt)"
    failed=1
  fi
  cd "$temp"
}

start_master
start_servers 1
start_workers 1 2
mkdir files
cd files
example_files
cd ..

failed=0 total=0
for page in "$repo"/man/*.[157]; do run_page "$(basename "$page")"; done
((failed == 0)) || die "examples of the man pages do not run"
((total >= 10)) || die "only $total examples were found"
say "passed: $total examples"
