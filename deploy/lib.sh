# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2119,SC2120
# What the scripts of this folder share. Sourced, never run; sets $root and goes there.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit

say() { printf '\n== %s\n' "$*"; }

die() {  # die STATUS SENTENCE
  printf '%s: %s\n' "$(basename "$0")" "$2" >&2
  exit "$1"
}

run() {  # shows a command, then runs it
  printf '+ %s\n' "$*"
  "$@"
}

# Prints those of the packages given that are not installed.
missing_packages() {
  local package
  for package in "$@"; do
    # ${Status} is for dpkg-query, not for the shell.
    # shellcheck disable=SC2016
    [ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" = 'install ok installed' ] ||
      printf '%s\n' "$package"
  done
}

# Installs what is missing of packages.txt and of the arguments; does nothing where all is there.
need_packages() {
  command -v dpkg-query >/dev/null ||
    die 2 'this script knows Debian 12 only; deploy/packages.txt lists what to install elsewhere'
  local wanted missing
  mapfile -t wanted < <(sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' deploy/packages.txt)
  mapfile -t missing < <(missing_packages "${wanted[@]}" "$@")
  if [ "${#missing[@]}" -eq 0 ]; then
    say 'all packages are installed'
    return
  fi
  if [ "$(id -u)" -ne 0 ]; then
    die 2 "packages are missing; ask for: apt-get install --no-install-recommends ${missing[*]}"
  fi
  say "installing ${#missing[@]} packages"
  export DEBIAN_FRONTEND=noninteractive
  run apt-get -o DPkg::Lock::Timeout=300 -qq update
  run apt-get -o DPkg::Lock::Timeout=300 -qq -y install --no-install-recommends "${missing[@]}"
}

# Release build in build/; what is there is kept.
configure() {
  say 'configuring build/'
  if [ -f build/build.ninja ]; then
    printf 'build/ is configured\n'
  else
    run meson setup build
  fi
}
