#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# install-config.sh SAMPLE TARGET: run by `meson install`. The configuration is its user's: one that is there stays.
set -eu
target=${DESTDIR:-}$2
[ -e "$target" ] && exit 0
mkdir -p "$(dirname "$target")"
cp "$1" "$target"
chmod 644 "$target"
