#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The bundled capture and its expectations are what the generator writes today.
# Usage: check_showcase.sh MAKE_CAPTURE CAPTURES_DIRECTORY
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$1" --kind showcase --out "$work/showcase.pcap" --expect "$work/showcase.expect" > /dev/null
cmp "$work/showcase.pcap" "$2/showcase.pcap"
cmp "$work/showcase.expect" "$2/showcase.expect"
