#!/usr/bin/env bash
# --version names the build, the processor level and the wire version; and a
# processor below the level that a program was built for gets a message and
# status 78, where the first instruction that it lacks would end the program
# without a word. The processors are those of qemu's user emulation.
#
#   version.sh [BIN_DIR]
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
[[ -z ${1:-} ]] || PSMITH_BIN=$1
source "$(dirname "$0")/../support/cluster.sh"

programs=(psctl psdata psinfer psserver psworker)
version=$(sed -nE 's/^project\(psmith VERSION ([0-9.]+).*/\1/p' \
  "$repo/CMakeLists.txt")
wire=$(sed -nE 's/.*kWireVersion = ([0-9]+);.*/\1/p' \
  "$repo/lib/wire/version.h")
for program in "${programs[@]}"; do
  "$program" --version > out 2> err || die "$program --version"
  [[ ! -s err ]] || die "$program --version: stderr: $(< err)"
  id=$(readelf -n "$(command -v "$program")" |
    sed -nE 's/.*Build ID: ([0-9a-f]{12}).*/\1/p')
  [[ -n $id ]] || die "$program has no build id"
  grep -qxE "$program $version \([A-Za-z]+, build $id, x86-64(-v[234])?, wire $wire\)" \
    out || die "$(< out)"
done

command -v qemu-x86_64 > tool || skip "qemu-x86_64 is not installed"

# Usage: on PROCESSOR COMMAND...: its stderr, without qemu's own words, is in
# the file err, its status in the file status.
on() {
  local processor=$1 status=0
  shift
  qemu-x86_64 -cpu "$processor" "$@" > out 2> all || status=$?
  grep -v '^qemu' all > err || true
  echo "$status" > status
}

# A level, and a processor of it that has nothing of the next.
processors=(x86-64 Conroe x86-64-v2 IvyBridge x86-64-v3 Haswell)

# Usage: judge LEVEL COMMAND...: a command that was built for that level runs
# on the processors that have it, and says why it does not on the others.
judge() {
  local built=$1 i has
  shift
  for ((i = 0; i < ${#processors[@]}; i += 2)); do
    has=${processors[i]}
    on "${processors[i + 1]}" "$@"
    if [[ $has < $built ]]; then
      [[ $(< status) -eq 78 && ! -s out ]] ||
        die "$1 for $built on $has: status $(< status): $(< err)"
      printf '%s: this processor is %s, and this build needs %s\n' \
        "$(basename "$1")" "$has" "$built" > want
      printf 'hint: build psmith with -DPSMITH_ARCH=%s, for all nodes of a %s\n' \
        "$has" cluster >> want
      diff want err > differs || die "$1 for $built on $has: $(< differs)"
    else
      [[ $(< status) -eq 0 && ! -s err ]] ||
        die "$1 for $built on $has: status $(< status): $(< err)"
    fi
  done
}

# The programs, at the level that they were built for.
level=$(psctl --version | grep -oE 'x86-64(-v[234])?')
for program in "${programs[@]}"; do
  judge "$level" "$(command -v "$program")" --version
done

# The check itself, at each level.
echo 'int main() {}' > main.cc
for level in x86-64 x86-64-v2 x86-64-v3 x86-64-v4; do
  g++ -std=c++20 -march=x86-64 -DPSMITH_ARCH="\"$level\"" -I "$repo/tools" \
    "$repo/tools/processor.cc" main.cc -o "checks-$level"
  judge "$level" "$temp/checks-$level"
done
say "passed"
