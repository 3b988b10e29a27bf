#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# quickstart.sh [FILE.pcap]: installs what is missing (Debian 12, as root), builds into build/, and prints the
# failure report of FILE or of a bundled capture. Safe to run again.
set -euo pipefail

capture=tests/captures/showcase.pcap
case ${1-} in
  -h | --help)
    sed -n '3,4s/^# //p' "$0"
    exit 0
    ;;
  '') ;;
  *)
    # Made absolute before the working folder changes.
    [ -e "$1" ] || { printf 'quickstart.sh: there is no file %s\n' "$1" >&2; exit 2; }
    capture=$(realpath -- "$1")
    ;;
esac
[ $# -le 1 ] || { printf 'quickstart.sh: one capture at most\n' >&2; exit 2; }

# shellcheck source=deploy/lib.sh
. "$(dirname "$0")/lib.sh"

need_packages
configure
say 'building the three programs'
run ninja -C build shakedown shakedown-dataplane shakedown-control

say "reading $capture"
run build/shakedown read "$capture" --events events.ndjson

say 'where things are'
cat <<END
the command          build/shakedown          (build/shakedown --help)
failures as NDJSON   events.ndjson            ($(wc -l <events.ndjson) events)
read another file    build/shakedown read FILE.pcap
run the tests        deploy/test.sh
END
