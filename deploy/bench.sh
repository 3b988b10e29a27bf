#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bench.sh [MIB]: how fast captures are read here, beside dpdk-testpmd reading the same files in the same run.
# Makes captures of about MIB MiB each (default 512), one after the other, in /dev/shm and removes them again.
set -euo pipefail

case ${1-} in
  -h | --help)
    sed -n '3,4s/^# //p' "$0"
    exit 0
    ;;
esac
size=${1:-512}
[[ $size =~ ^[1-9][0-9]*$ ]] || { printf 'bench.sh: MIB must be a whole number, not %s\n' "$size" >&2; exit 2; }

# shellcheck source=deploy/lib.sh
. "$(dirname "$0")/lib.sh"

need_packages dpdk-dev
configure
run ninja -C build shakedown-dataplane shakedown-control tests/bench/generator/make_capture

free=$(df --output=avail -m /dev/shm | tail -n 1)
[ "$free" -gt "$((size + 64))" ] || die 2 "/dev/shm has $free MiB free, and a capture takes $size"
scratch=$(mktemp -d /dev/shm/bench-XXXXXX)
trap 'rm -rf "$scratch"' EXIT

for kind in bulk-heavy handshake-heavy syn-flood; do
  say "$kind"
  run build/tests/bench/generator/make_capture --kind "$kind" --size-mib "$size" \
    --out "$scratch/capture.pcap" --truth "$scratch/truth"
  connections=0
  if [ "$kind" = handshake-heavy ]; then connections=$(wc -l <"$scratch/truth"); fi
  run python3 tests/bench/compare.py build "$scratch/capture.pcap" --connections "$connections"
  rm -f "$scratch/capture.pcap" "$scratch/truth"
done
