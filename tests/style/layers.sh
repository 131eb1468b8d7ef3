#!/usr/bin/env bash
# A module of lib/ includes only the modules that its row names, by the path
# below lib/. A pure core (*_core) includes neither net nor client.
# shellcheck source-path=SCRIPTDIR source=../support/style.sh
source "$(dirname "$0")/../support/style.sh"

rows='
base
tensor base
placement base
wire base tensor placement model optim
file base tensor
model base tensor
optim base
sched base placement wire model optim
infer base tensor
data base tensor placement file model
net base wire
store base tensor placement file model optim wire
journal base sched
client base tensor placement wire model optim infer net data
node base tensor placement wire file model optim sched infer data net store journal client
'

# "file:line module" for each quoted include, the module being its first part.
includes() {
  sources lib | xargs -r grep -nH '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' |
    sed -E 's/^([^:]*:[0-9]+):[^"]*"([^"]*)".*/\1 \2/'
}

fail_each < <(includes | awk -v rows="$rows" '
  BEGIN {
    count = split(rows, lines, "\n")
    for (i = 1; i <= count; i++) {
      width = split(lines[i], words, " ")
      if (width == 0) continue
      known[words[1]] = 1
      may[words[1], words[1]] = 1
      for (j = 2; j <= width; j++) may[words[1], words[j]] = 1
    }
  }
  {
    split($1, at, "/"); module = at[2]
    slashes = split($2, to, "/"); target = to[1]
    if (!(module in known))
      print $1 ": module " module " has no row in tests/style/layers.sh"
    else if (slashes != 2)
      print $1 ": \"" $2 "\" is not module/file"
    else if (!((module, target) in may))
      print $1 ": " module " must not include " target
    if ($1 ~ /_core\.(h|cc):/ && (target == "net" || (target == "client" && module != "client")))
      print $1 ": a pure core must not include " target
  }')

# Every module with a row is built, in an order in which nothing is below
# what it includes.
order=$(sed -n '/set(PSMITH_MODULES/,/)/p' CMakeLists.txt |
  tr -d '()' | sed 's/set//; s/PSMITH_MODULES//' | xargs)
seen=" "
for module in $order; do
  row=$(grep -E "^$module( |$)" <<<"$rows") ||
    fail "CMakeLists.txt: module $module has no row"
  for below in ${row#"$module"}; do
    [[ $seen == *" $below "* ]] ||
      fail "CMakeLists.txt: $module stands before $below, which it includes"
  done
  seen+="$module "
done
for folder in lib/*/; do
  module=$(basename "$folder")
  [[ $seen == *" $module "* ]] ||
    fail "lib/$module is not in PSMITH_MODULES of CMakeLists.txt"
done
finish
