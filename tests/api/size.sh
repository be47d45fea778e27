#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The stripped library of a release build has at most 600 KB, 614,400 bytes.
#
# size.sh STRIP LIBRARY
set -eu
limit=614400
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$1" -o "$work/library" "$2"
size=$(wc -c <"$work/library")
[ "$size" -gt 100000 ] || { echo "$2 has only $size bytes: is that the library?" >&2; exit 1; }
if [ "$size" -gt "$limit" ]; then
    echo "$2 has $size bytes without symbols, $((size - limit)) more than it may have. What grew, largest last:" >&2
    echo "    nm -S --size-sort --radix=d $2 | tail -n 60" >&2
    exit 1
fi
echo "$size bytes without symbols, $((limit - size)) fewer than allowed"
