#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manners of docs/style.md that a script can check: the SPDX line, no tabs, no trailing blanks, a newline at
# the end, width, function length, and functions that lib/ must not call.
#
# style.sh SOURCE_ROOT
set -eu
root=${1:-.}
here=$(cd "$(dirname "$0")" && pwd)
cd "$root"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# Whatever a person writes: text files of the tree that git knows, or all of them in an unpacked archive.
if [ -e .git ] && command -v git >/dev/null 2>&1 && git ls-files >"$work/all" 2>/dev/null; then :; else
    find . -type f ! -path './build*' ! -path './.git/*' | sed 's|^\./||' >"$work/all"
fi
grep -E '\.(c|h|hpp|cpp|inc|awk|sh|py)$|(^|/)(meson\.build|meson_options\.txt|Makefile)$' "$work/all" |
    LC_ALL=C sort >"$work/text"

while read -r file; do
    [ -f "$file" ] || continue
    awk -v file="$file" -f "$here/text.awk" "$file" >>"$work/report" || failures=$((failures + 1))
    if [ -s "$file" ] && [ "$(tail -c 1 "$file" | wc -l)" -eq 0 ]; then
        echo "$file: no newline at the end" >>"$work/report"
        failures=$((failures + 1))
    fi
    case $file in
    *.c | *.h | *.hpp | *.cpp | *.inc)
        awk -f "$here/../api/strip.awk" "$file" | awk -v file="$file" -f "$here/code.awk" \
            >>"$work/report" || failures=$((failures + 1))
        ;;
    esac
done <"$work/text"
cat "$work/report" >&2
echo "$(wc -l <"$work/text") files, $failures with failures"
[ "$failures" -eq 0 ]
