#!/usr/bin/env bash
# Flags, man pages and completions name the same options: each long option
# that a program declares (PROGRAM --dump-options) is in its man page and in
# its completions for bash, zsh and fish, and neither names one that is gone.
# The options that all five have are in psmith(7).
# The programs are those in $PSMITH_BIN, or in $PATH.
# shellcheck source-path=SCRIPTDIR source=../support/style.sh
[[ -z ${PSMITH_BIN:-} ]] || PATH=$(cd "$PSMITH_BIN" && pwd):$PATH
source "$(dirname "$0")/../support/style.sh"

programs=(psctl psserver psworker psinfer psdata)
# The long options of the programs that are named.
declared() {
  local program
  for program in "$@"; do
    "$program" --dump-options || fail "$program --dump-options fails"
  done | awk -F '\t' '$2 != "" { print $2 }' | sort -u
}

commands_of() { "$1" --dump-options | cut -f 1 | grep -v '^-$' | sort -u; }

# Long options that a man page lists (.It Fl) or mentions (Fl anywhere).
long_flags() { grep -oE '(\bFl| ,) -[a-z][a-z0-9-]*' | sed 's/.* -//' | sort -u; }
listed() { grep -E '^\.It .*Fl ' "$1" | long_flags; }
mentioned() { grep -E '\bFl ' "$1" | long_flags; }

# Long options in a completion file of a shell.
completed() {
  if [[ $1 == fish ]]; then
    grep -oE -- '(^| )-l +[a-z0-9-]+' "$2" | awk '{ print $2 }'
  else
    grep -oE -- '--[a-z][a-z0-9-]*' "$2" | sed 's/^--//'
  fi | sort -u
}

# Usage: only_in ONE OTHER: lines of file ONE that OTHER has not.
only_in() { comm -23 "$1" "$2"; }

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
declared "${programs[@]}" > "$temp/any"
for program in "${programs[@]}"; do declared "$program"; done |
  sort | uniq -c | awk -v all="${#programs[@]}" '$1 == all { print $2 }' \
    > "$temp/common"
mentioned man/psmith.7 > "$temp/mentioned"
fail_each < <(only_in "$temp/common" "$temp/mentioned" |
  sed "s|^|man/psmith.7: does not mention --|")
for program in "${programs[@]}"; do
  declared "$program" > "$temp/own"
  [[ -s $temp/own ]] || fail "$program declares nothing"
  page=man/$program.1
  if [[ -f $page ]]; then
    listed "$page" > "$temp/listed"
    mentioned "$page" > "$temp/mentioned"
    only_in "$temp/own" "$temp/common" > "$temp/special"
    fail_each < <(only_in "$temp/special" "$temp/mentioned" |
      sed "s|^|$page: does not mention --|")
    fail_each < <(only_in "$temp/listed" "$temp/own" |
      sed "s|^|$page: $program has no --|")
    fail_each < <(only_in "$temp/mentioned" "$temp/any" |
      sed "s|^|$page: no program has --|")
    for command in $(commands_of "$program"); do
      grep -qE "^\.(Cm|Ic|It|Ss) .*\b$command\b" "$page" ||
        fail "$page: does not name the command $command"
    done
  else
    fail "$page is missing"
  fi
  for shell in bash/"$program" zsh/_"$program" fish/"$program".fish; do
    file=completions/$shell
    if [[ ! -f $file ]]; then
      fail "$file is missing"
      continue
    fi
    completed "${shell%%/*}" "$file" > "$temp/completed"
    fail_each < <(only_in "$temp/own" "$temp/completed" |
      sed "s|^|$file: does not complete --|")
    fail_each < <(only_in "$temp/completed" "$temp/own" |
      sed "s|^|$file: $program has no --|")
  done
done
for page in man/*.[57]; do
  mentioned "$page" > "$temp/mentioned"
  fail_each < <(only_in "$temp/mentioned" "$temp/any" |
    sed "s|^|$page: no program has --|")
done
finish
