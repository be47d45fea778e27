#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The sizes, offsets and numbers of the public headers are those that were reviewed: what the layout program
# prints is the table, line by line. Without a table (on systems that lay structs out differently) the program
# only has to run.
#
# layout.sh PROGRAM [TABLE]
set -eu
program=$1
table=${2-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$program" >"$work/found"
lines=$(wc -l <"$work/found")
[ "$lines" -ge 200 ] || { echo "$program printed only $lines lines" >&2; exit 1; }
if [ -z "$table" ]; then
    echo "$lines lines; there is no table for this system"
    exit 0
fi
if ! diff -u "$table" "$work/found" >&2; then
    echo "the headers have changed what docs/abi.md promises; if it is an addition, review the difference and write" >&2
    echo "the table anew: build/tests/api/layout >tests/api/layout.txt" >&2
    exit 1
fi
echo "$lines lines are as reviewed"
