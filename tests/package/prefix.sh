#!/usr/bin/env bash
# cmake --install --prefix: every program, man page, completion, example and
# document is where the tools that look for it look, nothing else is installed,
# and what was installed works from there.
#
#   prefix.sh [BUILD_DIR]
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
[[ -z ${1:-} ]] || PSMITH_BIN=$1
: "${PSMITH_BIN:?names the build folder}"
source "$(dirname "$0")/../support/cluster.sh"

build=$(dirname "$(command -v psctl)")
prefix="$temp/a prefix"
cmake --install "$build" --prefix "$prefix" > log || die "$(< log)"

# What the repository has, under the names that it is installed under.
doc=share/doc/psmith
(
  cd "$repo"
  printf 'bin/%s\n' psctl psdata psinfer psserver psworker
  for page in man/*; do echo "share/man/man${page##*.}/${page##*/}"; done
  for folder in bash:bash-completion/completions zsh:zsh/site-functions \
    fish:fish/vendor_completions.d; do
    find "completions/${folder%%:*}" -mindepth 1 \
      -printf "share/${folder#*:}/%P\n"
  done
  find examples ! -type d -printf "$doc/%p\n"
  printf "$doc/%s\n" README.md CHANGELOG.md LICENSE
) | sort > want
(cd "$prefix" && find . ! -type d -printf '%P\n') | sort > have
diff want have > differs || die "installed is not what should be: $(< differs)"

PATH="$prefix/bin:$PATH"
for program in psctl psdata psinfer psserver psworker; do
  [[ $(command -v "$program") == "$prefix/bin/$program" ]] || die "$program"
  cmp <("$program" --version) <("$build/$program" --version) > differs ||
    die "$program is not that of the build"
done
unset PSMITH_BIN
"$prefix/$doc/examples/quickstart.sh" > log 2>&1 || die "$(< log)"
for page in "$repo"/man/*; do
  name=${page##*/}
  man -M "$prefix/share/man" -w "${name##*.}" "${name%.*}" > log 2>&1 ||
    die "man does not find $name: $(< log)"
done
for name in "$prefix"/share/bash-completion/completions/*; do
  bash -c 'source "$1" && complete -p "$2"' - "$name" "${name##*/}" > log ||
    die "no bash completion of ${name##*/}"
done

# As a packager stages it.
DESTDIR="$temp/stage" cmake --install "$build" --prefix /usr > log ||
  die "$(< log)"
diff -r "$prefix" "$temp/stage/usr" > differs ||
  die "with DESTDIR: $(< differs)"
say "passed"
