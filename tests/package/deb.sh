#!/usr/bin/env bash
# The Debian package of the build in BUILD_DIR (default: $PSMITH_BIN): lintian
# finds no fault in it; apt installs it in a bare system, with what it depends
# on; there the programs are those of the build, the quick start runs on the
# data that was installed, and removal leaves nothing behind.
#
#   deb.sh [BUILD_DIR]
#
# The bare system is made by debootstrap, from the mirrors in this machine's own
# apt sources, as root. All that the script writes is in memory (some 500 MB) and
# mounted in a namespace of its own: nothing outlives it, however it ends.
set -euo pipefail
export LC_ALL=C
umask 022

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$(cd "${1:-${PSMITH_BIN:?names the build folder}}" && pwd)
programs=(psctl psdata psinfer psserver psworker)

say() { echo "deb: $*"; }

die() {
  say "FAILED: $*" >&2
  exit 1
}

skip() {
  say "skipped: $*" >&2
  exit 99
}

[[ $(id -u) -eq 0 ]] || skip "needs root, for debootstrap"
command -v debootstrap > /dev/null || skip "debootstrap is not installed"
unshare --mount true 2> /dev/null || skip "may not mount here"
"$build/psctl" --version | grep -q '(Release,' ||
  skip "a package is made of a release build"
if [[ -z ${DEB_TEST_INSIDE:-} ]]; then
  DEB_TEST_INSIDE=yes exec unshare --mount --propagation private "$0" "$build"
fi

temp=$(mktemp -d)
root=$temp/root

clean_up() {
  local status=$? place
  trap - EXIT
  cd /
  findmnt -rno TARGET | grep -E "^$temp(/|\$)" | sort -r |
    while read -r place; do umount "$place" || umount --lazy "$place"; done
  rmdir "$temp"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 143' TERM INT HUP
mount -t tmpfs -o size=2g,mode=755 tmpfs "$temp"
mkdir "$root"

# Usage: quietly WHAT COMMAND...: its output is shown only if it fails.
quietly() {
  local what=$1
  shift
  say "$what"
  "$@" > "$temp/output" 2>&1 || {
    tail -n 30 "$temp/output" >&2
    die "$what"
  }
}

# "URI RELEASE" of what this machine's apt sources have of its own release,
# the first mirror of each part.
mirrors() {
  local codename
  codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
  # shellcheck disable=SC2016  # apt's own variables
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
    'Created-By: Packages' | awk -v release="^($codename|stable)" '
      $1 ~ /^(https?|file|copy):/ && $3 == "main" &&
        $2 ~ release "(-updates|-security)?$" && !seen[$2]++ { print $1, $2 }' |
    sort -k 2,2
}

inside() {
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C.UTF-8 \
    TERM=dumb DEBIAN_FRONTEND=noninteractive \
    ${http_proxy:+"http_proxy=$http_proxy"} \
    ${https_proxy:+"https_proxy=$https_proxy"} chroot "$root" "$@"
}

# Everything in the bare system but what apt and dpkg keep for themselves.
files() {
  (cd "$root" && find . -xdev \( -path ./proc -o -path ./tmp -o \
    -path ./var/cache -o -path ./var/log -o -path ./var/lib/apt -o \
    -path ./var/lib/dpkg \) -prune -o -printf '%p %y %m\n') | sort
}

make_package() {
  quietly "package" cpack --config "$build/CPackConfig.cmake" -B "$temp/out"
  deb=$(echo "$temp"/out/*.deb)
  [[ -f $deb ]] || die "not one package: $deb"
  [[ $(dpkg-deb -f "$deb" Package) == psmith ]] || die "the package's name"
  local version
  version=$(dpkg-parsechangelog -l "$repo/cmake/debian/changelog" -S Version)
  [[ $(dpkg-deb -f "$deb" Version) == "$version" ]] ||
    die "cmake/debian/changelog has version $version, the package another"
  quietly "lintian" lintian --allow-root --display-info \
    --fail-on error,warning,info "$deb"
}

make_system() {
  mirrors > "$temp/mirrors"
  [[ -s $temp/mirrors ]] || die "no mirror in this machine's apt sources"
  local uri release with=()
  read -r uri release < "$temp/mirrors"
  [[ $uri != https:* ]] || with=(--include=ca-certificates)
  quietly "a bare system" debootstrap --variant=minbase "${with[@]}" \
    "$release" "$root" "$uri"
  sed 's/^/deb /; s/$/ main/' "$temp/mirrors" > "$root/etc/apt/sources.list"
  apt-config dump | grep -iE '^Acquire::https?::proxy' \
    > "$root/etc/apt/apt.conf.d/proxy" || true
  findmnt "$root/proc" > /dev/null || mount -t proc proc "$root/proc"
  quietly "lists of packages" inside apt-get -o Acquire::Retries=3 update
}

# What must be there, once installed.
look() {
  local program file name
  for program in "${programs[@]}"; do
    [[ $(inside "$program" --version) == $("$build/$program" --version) ]] ||
      die "$program is not that of the build"
    inside bash -c "source \
      /usr/share/bash-completion/completions/$program && complete -p $program" \
      > "$temp/output" || die "no bash completion of $program"
    grep -q "^#compdef.*\b$program\b" \
      "$root"/usr/share/zsh/vendor-completions/_* ||
      die "no zsh completion of $program"
    [[ -s $root/usr/share/fish/vendor_completions.d/$program.fish ]] ||
      die "no fish completion of $program"
  done
  for file in "$repo"/man/*.[1-9]; do
    gzip -dc "$root/usr/share/man/man${file##*.}/$(basename "$file").gz" |
      cmp - "$file" || die "man page $(basename "$file")"
    name=$(basename "${file%.*}")
    man -M "$root/usr/share/man" -w "${file##*.}" "$name" > "$temp/output" ||
      die "man does not find $name"
  done
  for file in copyright changelog.gz changelog.Debian.gz README.md; do
    [[ -s $root/usr/share/doc/psmith/$file ]] || die "no $file"
  done
}

make_package
make_system
files > "$temp/before"
cp "$deb" "$root/tmp/psmith.deb"
quietly "install" inside apt-get -o Acquire::Retries=3 install -y \
  --no-install-recommends /tmp/psmith.deb
look
quietly "quick start" inside /usr/share/doc/psmith/examples/quickstart.sh
inside dpkg --verify psmith > "$temp/output" || die "$(< "$temp/output")"
quietly "remove" inside apt-get purge -y --autoremove psmith
files > "$temp/after"
diff "$temp/before" "$temp/after" > "$temp/output" ||
  die "left behind or taken along: $(< "$temp/output")"
say "passed"
