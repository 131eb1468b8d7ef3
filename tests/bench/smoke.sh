#!/usr/bin/env bash
# Every benchmark runs, on hardly any data, and its figure comes out as a row
# of a well-formed table. How fast anything is is nobody's business here.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export TMPDIR=$folder/tmp
mkdir "$TMPDIR"

bench() {
  /usr/bin/python3 "$here/run.py" --build "$PSMITH_BIN" "$@"
}
fail() {
  echo "smoke.sh: $*" >&2
  exit 1
}

bench --list >"$folder/names"
[[ $(wc -l <"$folder/names") -ge 20 ]] || fail "too few figures"
bench --smoke >"$folder/table"

head -n 1 "$folder/table" | grep -q '^| figure | psmith | denominator | ratio |' ||
  fail "no head: $(head -n 1 "$folder/table")"
awk -F ' *[|] *' '
  NF != 8 { print "line " NR " has " NF - 2 " cells: " $0; bad = 1 }
  NR > 2 && ($3 !~ /^[0-9.]+ [a-zA-Z]/ || $4 !~ /^[0-9.]+ .*\(.+\)$/ ||
             $5 !~ /^[0-9.]+ x$/ || $7 !~ /^(-|[0-9]+ % of .+)$/) {
    print "line " NR " is no row of a figure: " $0; bad = 1
  }
  NR > 2 && ($3 + 0 <= 0 || $4 + 0 <= 0) {
    print "line " NR " measured nothing: " $0; bad = 1
  }
  END { exit bad }' "$folder/table" >&2 || fail "the table is malformed"
while read -r name; do
  grep -q "^| \`$name\`: " "$folder/table" || fail "no row of $name"
  grep -q "\`$name\`" "$here/README.md" || fail "README.md lacks $name"
done <"$folder/names"
# shellcheck disable=SC2016  # the ticks are Markdown's
while read -r name; do
  grep -qx "$name" "$folder/names" || fail "README.md: no figure $name"
done < <(sed -n '/^<!-- table -->/,/^<!-- end -->/d; s/^\* `\([^`]*\)`.*/\1/p' \
  "$here/README.md")

if bench --smoke no_such_figure 2>"$folder/error"; then
  fail "took a figure that there is not"
fi
grep -q 'no figure no_such_figure' "$folder/error" ||
  fail "did not say which figure there is not"
[[ -z $(ls "$TMPDIR") ]] || fail "left behind: $(ls "$TMPDIR")"
echo "smoke.sh: $(($(wc -l <"$folder/table") - 2)) rows"
