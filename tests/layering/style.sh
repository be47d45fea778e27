#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manners of docs/style.md that a script can check: the SPDX line, no tabs, no trailing blanks, a newline at
# the end, width, function length, and functions that lib/ must not call.
#
# style.sh SOURCE_ROOT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-.}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C

# Whatever a person writes: what git knows, or everything in an unpacked archive.
if [ -e .git ] && command -v git >/dev/null 2>&1 && git ls-files >"$work/all" 2>/dev/null; then :; else
    find . -type f ! -path './build*' ! -path './.git/*' | sed 's|^\./||' >"$work/all"
fi
grep -E '\.(c|h|hpp|cpp|inc|awk|sh|py)$|(^|/)(meson\.build|meson_options\.txt|Makefile)$' "$work/all" |
    sort >"$work/names"
while read -r file; do [ ! -s "$file" ] || echo "$file"; done <"$work/names" >"$work/text"
grep -E '\.(c|h|hpp|cpp|inc)$' "$work/text" >"$work/code"

: >"$work/report"
: >"$work/counts"
xargs awk -v counts="$work/counts" -f "$here/text.awk" <"$work/text" >>"$work/report"
xargs awk -f "$here/../api/strip.awk" -f "$here/code.awk" <"$work/code" >>"$work/report"
xargs wc -l <"$work/text" | awk -v counts="$work/counts" '
    { ends[$2] = $1 }
    END {
        while ((getline line < counts) > 0) {
            split(line, part, " ")
            if (part[1] != ends[part[2]])
                print part[2] ": no newline at the end"
        }
    }' >>"$work/report"
cat "$work/report" >&2
echo "$(wc -l <"$work/text") files, $(wc -l <"$work/report") failures"
[ ! -s "$work/report" ]
