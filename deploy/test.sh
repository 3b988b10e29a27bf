#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test.sh: installs what is missing (Debian 12, as root), builds into build/ and runs all tests; as root also the
# failure laboratory, where network namespaces can be made. Safe to run again. The last line is
# "N passed, N failed, N skipped"; the status is 0 only when nothing failed.
set -euo pipefail

# shellcheck source=deploy/lib.sh
. "$(dirname "$0")/lib.sh"

# A build that fails has a last line, too.
trap 'status=$?; [ "$status" -eq 0 ] || printf "the tests did not run\n0 passed, 1 failed, 0 skipped\n"' EXIT

need_packages
need_lab_packages
configure
say 'building everything'
run ninja -C build

say 'running the tests'
log=build/meson-logs/testlog.json
rm -f "$log"
status=0
run meson test -C build --no-rebuild --print-errorlogs || status=$?
[ -s "$log" ] || die 1 'meson test left no log'

trap - EXIT
say 'summary'
python3 deploy/test_summary.py "$log" || status=1
exit "$status"
