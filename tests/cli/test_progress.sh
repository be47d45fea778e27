#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# camx progress: a map at every stage of the network, and a strip of them.
. "${0%/*}/cli.sh"

run progress "$net" "$cat"
code_is 0
err_has 'tiger cat'
stages=$(printf 'cat-gradcam-stage%s.png ' 1 2 3 4 5)
files_are "${stages}cat-progress.png"
is "$(tr '\n' ' ' <out)" "${stages}cat-progress.png "
is "$(png_size cat-gradcam-stage1.png)" 451x300
is "$(png_size cat-progress.png | cut -dx -f1)" $((6 * 332 + 12)) # one row: the photograph and five maps
clean

# The strip alone; the maps are those of explain at the same layers.
run progress -q "$net" "$cat" -c tabby -o strip.png --raw
code_is 0
err_empty
files_are strip.png
clean
run progress --json "$net" "$cat" -c tabby --raw
code_is 0
json_ok
json_is command progress
json_is results.0.maps 5
json_is results.0.sheet cat-progress.png
json_is results.0.maps.0.class 281
for i in 0 1 2 3 4; do
    json_is results.0.maps.$i.map_width $((112 >> i))
    json results.0.maps.$i.layer >>layers
done
is "$(tr '\n' ' ' <layers)" 'blocks.1.expand blocks.3.expand blocks.5.expand blocks.11.expand head '
run explain -q "$net" "$cat" -c tabby -l blocks.11.expand --raw -o one.png
code_is 0
passes # the raw maps differ by rounding at most: the pictures, of 256 colours, are the same to a few bytes
[ "$(cmp -l one.npy cat-gradcam-stage4.npy | wc -l)" -lt $((14 * 14 * 4)) ] || fails 'the maps should be alike'
is "$(wc -c <cat-gradcam-stage4.npy)" $((128 + 4 * 14 * 14))
clean

# Another method, another size, several pictures, and a folder of them.
mkdir photos
cp "$cat" "$demo/coffee.jpg" photos
run progress -q "$net" photos -m grad-cam++ -o maps
code_is 0
is "$(files | tr ' ' '\n' | grep -c 'maps/.*-gradcampp-stage5.png')" 2
is "$(files | tr ' ' '\n' | grep -c 'maps/.*-progress.png')" 2
run progress --json "$tiny" "$cat"
code_is 0
small=$(json results.0.maps.0.map_width)
run progress --json "$tiny" "$cat" --size 64
code_is 0
passes
[ "$(json results.0.maps.0.map_width)" -gt "$small" ] || fails 'a larger input should give larger maps'
clean

# What cannot be.
run progress "$net" "$cat" -m cam
code_is 2
err_has 'CAM looks at the layer before the global pool'
run progress "$net" "$cat" -m gradcam,gradcampp
code_is 2
err_has 'one method and one class'
run progress "$net" "$cat" -c 1 -c 2
code_is 2
run progress "$net" "$cat" -c nonsense
code_is 2
err_has "no class is called 'nonsense'"
run progress "$net" "$cat" --layer head
code_is 2
err_has 'no option --layer'
run progress "$net" "$cat" "$demo/coffee.jpg" -o one.png
code_is 2
err_has 'one file'
run progress "$net"
code_is 2
err_has 'the picture is missing'
files_are ''
finish
