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

# The packages that a file names, one a line; what follows # is why, and optional ones are left out.
packages_of() {
  sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' -e '/^optional:/d' "$1"
}

# Installs what is missing of packages.txt and of the arguments; does nothing where all is there.
need_packages() {
  command -v dpkg-query >/dev/null ||
    die 2 'this script knows Debian 12 only; deploy/packages.txt lists what to install elsewhere'
  local wanted missing
  mapfile -t wanted < <(packages_of deploy/packages.txt)
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

# Installs what is missing of the laboratory's core set, if it can run here at all; says so if not. A set that could
# not be installed costs the laboratory, which then skips, and not the other tests.
need_lab_packages() {
  local missing
  if [ "$(id -u)" -ne 0 ] || ! unshare --mount --net --pid --fork --kill-child --mount-proc true 2>/dev/null; then
    say 'the laboratory (tests/lab) will be skipped: it needs root and network namespaces'
    return
  fi
  mapfile -t missing < <(packages_of tests/lab/packages.txt)
  mapfile -t missing < <(missing_packages "${missing[@]}")
  if [ "${#missing[@]}" -eq 0 ]; then
    say "all packages of the laboratory's core set are installed"
    return
  fi
  say "installing ${#missing[@]} packages of the laboratory's core set, without starting their services"
  install_without_services "${missing[@]}" ||
    say 'the laboratory (tests/lab) will be skipped: its packages could not be installed'
}

# The laboratory starts its servers itself. Those of the packages must neither run now (policy-rc.d) nor after the
# next boot; a policy that is there already stays.
install_without_services() (
  export DEBIAN_FRONTEND=noninteractive
  local policy=/usr/sbin/policy-rc.d before after made_policy=no
  before=$(enabled_units)
  if [ ! -e "$policy" ] && [ ! -L "$policy" ]; then
    # Of the subshell that this function is: the policy goes whatever happens.
    trap 'rm -f "$policy"' EXIT
    made_policy=yes
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  printf 'services are held back by %s (made for this: %s)\n' "$policy" "$made_policy"
  run apt-get -o DPkg::Lock::Timeout=300 -qq update || return
  run apt-get -o DPkg::Lock::Timeout=300 -qq -y install --no-install-recommends "$@" || return
  after=$(enabled_units)
  comm -13 <(printf '%s\n' "$before") <(printf '%s\n' "$after") | while read -r unit; do
    if [ -n "$unit" ]; then run systemctl disable --quiet "$unit" || true; fi
  done
)

# Units of systemd that start by themselves; works without a running systemd, too.
enabled_units() {
  command -v systemctl >/dev/null || return 0
  systemctl --root=/ list-unit-files --state=enabled --no-legend 2>/dev/null | awk '{ print $1 }' | LC_ALL=C sort
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
