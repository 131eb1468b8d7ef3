#!/usr/bin/env bash
# Flags, man pages and completions name the same options: each long option
# that a program or a command of it declares (PROGRAM --dump-options) is in its
# man page, a command's in the command's section, and is completed (PROGRAM
# __complete), and neither names one that is gone. So it is with commands. The
# options that all five have are in psmith(7).
# The programs are those in $PSMITH_BIN, or in $PATH.
# shellcheck source-path=SCRIPTDIR source=../support/style.sh
[[ -z ${PSMITH_BIN:-} ]] || PATH=$(cd "$PSMITH_BIN" && pwd):$PATH
source "$(dirname "$0")/../support/style.sh"

programs=(psctl psserver psworker psinfer psdata)
# The long options of a program; of the program alone (-), or of one command.
# Usage: declared PROGRAM [COMMAND]
declared() {
  "$1" --dump-options | awk -F '\t' -v command="${2:-}" \
    '$2 != "" && (command == "" || $1 == command) { print $2 }' | sort -u
}

commands_of() { "$1" --dump-options | cut -f 1 | grep -v '^-$' | sort -u; }

# Long options that a man page lists (.It Fl) or mentions (Fl anywhere).
long_flags() { grep -oE '(\bFl| ,) -[a-z][a-z0-9-]*' | sed 's/.* -//' | sort -u; }
listed() { grep -E '^\.It .*Fl ' "$1" | long_flags; }
mentioned() { grep -E '\bFl ' "$1" | long_flags; }

# Usage: complete_words PROGRAM WORD...: what the program completes, into
# $temp/completed; the last line is for the shell.
complete_words() {
  "$1" __complete "${@:2}" > "$temp/answer" || fail "$1 __complete fails"
  [[ $(tail -n 1 "$temp/answer") == :none ]] ||
    fail "$1 __complete ${*:2}: does not end with :none"
  sed '$d' "$temp/answer" | cut -f 1 | sed 's/^--//' | sort -u \
    > "$temp/completed"
}

# Usage: only_in ONE OTHER: lines of file ONE that OTHER has not.
only_in() { comm -23 "$1" "$2"; }

# Usage: same ONE OTHER TEXT TEXT: files ONE and OTHER have the same lines;
# what to say of one that OTHER, or ONE, has not.
same() {
  fail_each < <(only_in "$1" "$2" | sed "s|^|$3|")
  fail_each < <(only_in "$2" "$1" | sed "s|^|$4|")
}

# The command's section of the man page, and what is completed behind it.
# Usage: check_command PROGRAM COMMAND; - for the program itself
check_command() {
  local program=$1 command=$2 page=man/$1.1
  local -a words=()
  declared "$program" - > "$temp/own"
  if [[ $command != - ]]; then
    words=("$command")
    sed -n "/^\.Ss $program $command\$/,/^\.S[sh] /p" "$page" > "$temp/section"
    [[ $(grep -c '^\.Ss' "$temp/section") -gt 0 ]] ||
      fail "$page: has no section for the command $command"
    declared "$program" "$command" > "$temp/all"
    only_in "$temp/all" "$temp/common" > "$temp/special"
    sort -u "$temp/own" "$temp/all" > "$temp/both"
    mv "$temp/both" "$temp/own"
    mentioned "$temp/section" > "$temp/mentioned"
    listed "$temp/section" > "$temp/listed"
    fail_each < <(only_in "$temp/special" "$temp/mentioned" |
      sed "s|^|$page: the section of $command does not mention --|")
    fail_each < <(only_in "$temp/listed" "$temp/own" |
      sed "s|^|$page: $program $command has no --|")
  fi
  complete_words "$program" "${words[@]}" --
  same "$temp/own" "$temp/completed" \
    "$program ${words[*]}: does not complete --" \
    "$program ${words[*]}: completes what it has not: --"
}

check_page() {
  local program=$1 page=man/$1.1
  listed "$page" > "$temp/listed"
  mentioned "$page" > "$temp/mentioned"
  declared "$program" > "$temp/own"
  only_in "$temp/own" "$temp/common" > "$temp/special"
  fail_each < <(only_in "$temp/special" "$temp/mentioned" |
    sed "s|^|$page: does not mention --|")
  fail_each < <(only_in "$temp/listed" "$temp/own" |
    sed "s|^|$page: $program has no --|")
  fail_each < <(only_in "$temp/mentioned" "$temp/any" |
    sed "s|^|$page: no program has --|")
}

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
for program in "${programs[@]}"; do
  declared "$program" > "$temp/own"
  [[ -s $temp/own ]] || fail "$program declares nothing"
  cat "$temp/own"
done > "$temp/all"
sort -u "$temp/all" > "$temp/any"
sort "$temp/all" | uniq -c |
  awk -v all="${#programs[@]}" '$1 == all { print $2 }' > "$temp/common"
mentioned man/psmith.7 > "$temp/mentioned"
fail_each < <(only_in "$temp/common" "$temp/mentioned" |
  sed "s|^|man/psmith.7: does not mention --|")

for program in "${programs[@]}"; do
  if [[ ! -f man/$program.1 ]]; then
    fail "man/$program.1 is missing"
    continue
  fi
  check_page "$program"
  check_command "$program" -
  commands_of "$program" > "$temp/commands"
  while read -r command; do
    check_command "$program" "$command"
  done < "$temp/commands"
  [[ -s $temp/commands ]] || continue
  complete_words "$program" ''
  same "$temp/commands" "$temp/completed" \
    "$program: does not complete the command " \
    "$program: completes what is no command: "
done
for page in man/*.[57]; do
  mentioned "$page" > "$temp/mentioned"
  fail_each < <(only_in "$temp/mentioned" "$temp/any" |
    sed "s|^|$page: no program has --|")
done
finish
