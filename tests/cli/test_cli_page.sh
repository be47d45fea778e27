#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The examples of docs/cli.md run as they stand there, and make the files that the page says.
. "${0%/*}/cli.sh"
page=$CAMX_SOURCE_ROOT/docs/cli.md

# The page calls the program, a network and photographs by short names.
mkdir bin
ln -s "$CAMX" bin/camx
PATH=$folder/bin:$PATH
ln -s "$net" net.onnx
for picture in "$demo"/*.png "$demo"/*.jpg; do
    ln -s "$picture" .
done

# Lines that begin with "$ " inside ```console blocks are commands; the lines below one are what it prints. Of
# percentages only the whole part is compared: the rest may differ between processors.
awk '/^```console/ { on = 1; next } /^```/ { on = 0 } on' "$page" >session
grep '^\$ ' session | cut -c 3- >commands
rounded() { sed 's/\.[0-9][0-9] %/ %/'; }
number=0
while read -r line; do
    command=$line
    number=$((number + 1))
    sh -c "$line" >out 2>err </dev/null
    code=$?
    code_is 0
    awk -v n=$number '/^\$ / { i++; next } i == n' session | rounded >expected
    [ -s expected ] || continue
    rounded <out >printed
    passes
    cmp -s expected printed || fails "the page shows something else: $(cat expected)"
done <commands
is "$([ "$(wc -l <commands)" -ge 8 ] && echo enough)" enough

# Every file that the page names in backquotes and that ends in -METHOD.png or the like was made.
grep -oE '`[a-z0-9_./-]+-(cam|gradcam|gradcampp|occlusion|sheet)[A-Za-z0-9_.-]*\.(png|npy)`' "$page" | tr -d '`' |
    sort -u >named
is "$([ -s named ] && echo some)" some
while read -r file; do
    passes
    [ -s "$file" ] || fails "the page names $file, which was not made"
done <named
finish
