#!/usr/bin/env bash
# Installs what psmith needs on Debian 12, from the list packages.txt.
#
#   scripts/install.sh build        to build and run the programs
#   scripts/install.sh build test   to run the tests too
#
# Needs root, or sudo; does nothing, and needs neither, if all is there.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# The packages of one section of the list.
section() {
  awk -v want="[$1]" '
    /^[[:space:]]*(#|$)/ { next }
    /^\[/ { found = found || $1 == want; inside = $1 == want; next }
    inside { print $1 }
    END { exit !found }' "$root/packages.txt" ||
    { echo "install.sh: packages.txt has no section '$1'" >&2; return 2; }
}

# The packages among $@ that are not installed.
missing() {
  local package
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == \
      installed ]] || echo "$package"
  done
}

main() {
  [[ $# -gt 0 ]] || set -- build
  local wanted="" name
  for name in "$@"; do wanted+=" $(section "$name")"; done
  local -a packages needed as_root=()
  read -ra packages <<<"${wanted//$'\n'/ }"
  mapfile -t needed < <(missing "${packages[@]}")
  if [[ ${#needed[@]} -eq 0 ]]; then
    echo "install.sh: all ${#packages[@]} packages are installed"
    return 0
  fi
  if [[ $(id -u) -ne 0 ]]; then
    command -v sudo >/dev/null || {
      echo "install.sh: needs root or sudo to install: ${needed[*]}" >&2
      return 1
    }
    as_root=(sudo)
  fi
  echo "install.sh: installs ${needed[*]}"
  "${as_root[@]}" apt-get update
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "${needed[@]}"
}

main "$@"
