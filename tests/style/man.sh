#!/usr/bin/env bash
# Every man page is clean under mandoc's lint. That a page it refers to is not
# installed on this machine is no fault of the page; that it is neither here
# nor a page of the system is.
# shellcheck source-path=SCRIPTDIR source=../support/style.sh
source "$(dirname "$0")/../support/style.sh"

for page in man/*.[0-9]; do
  [[ -f $page ]] || continue
  fail_each < <(mandoc -T lint "$page" 2>&1 |
    grep -vE 'referenced manual not found: Xr|outdated mandoc.db')
  while read -r name section; do
    [[ $name != ps* || -f man/$name.$section ]] ||
      fail "$page: refers to $name($section), which is not in man/"
  done < <(sed -nE 's/^\.Xr ([^ ]+) ([0-9]).*/\1 \2/p' "$page")
done
for page in psctl.1 psserver.1 psworker.1 psinfer.1 psdata.1 psmith.7 \
  psmith-formats.5 psmith-protocol.7; do
  [[ -f man/$page ]] || fail "man/$page is missing"
done
finish
