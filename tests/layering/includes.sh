#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every #include in lib/, src/ and bindings/cpp/ is one that the table "Which room may include which" in
# docs/architecture.md allows; no cycle runs through headers or rooms; special headers (CBLAS, libpng,
# libjpeg) stay where they belong; no two files of the tree have the same name.
#
# includes.sh SOURCE_ROOT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
strip=$here/../api/strip.awk
cd "${1:-.}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# Lines "file<TAB>line<TAB>included", included with its quotes or brackets.
find lib src bindings/cpp -name '*.[ch]' -o -name '*.hpp' -o -name '*.inc' | LC_ALL=C sort >"$work/files"
xargs awk -v strip_keep_texts=1 -f "$strip" -f "$here/find_includes.awk" <"$work/files" >"$work/includes"

awk -f "$here/includes.awk" docs/architecture.md "$work/files" "$work/includes" >"$work/report" ||
    failures=$((failures + 1))
cat "$work/report" >&2

# Cycles: of headers (edges of quoted includes), then of rooms.
awk -f "$here/edges.awk" kind=headers "$work/files" "$work/includes" >"$work/header_edges"
awk -f "$here/edges.awk" kind=rooms "$work/files" "$work/includes" >"$work/room_edges"
for kind in header room; do
    if ! tsort "$work/${kind}_edges" >/dev/null 2>"$work/cycle"; then
        echo "a cycle of ${kind}s:" >&2
        cat "$work/cycle" >&2
        failures=$((failures + 1))
    fi
done

# One name, one file: what an error message or a debugger shows is then enough to find it.
find lib src tests bindings/cpp -name '*.[ch]' -o -name '*.hpp' -o -name '*.cpp' | sed 's|.*/||' |
    LC_ALL=C sort | uniq -d >"$work/twice"
if [ -s "$work/twice" ]; then
    echo "file names that occur twice in the tree:" >&2
    sed 's/^/    /' "$work/twice" >&2
    failures=$((failures + 1))
fi
echo "$(wc -l <"$work/files") files, $(wc -l <"$work/includes") includes, $failures failures"
[ "$failures" -eq 0 ]
