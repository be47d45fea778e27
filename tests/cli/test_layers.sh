#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# camx layers and camx info.
. "${0%/*}/cli.sh"

run layers "$net"
code_is 0
err_empty
is "$(grep -c '^\*' out)" 1
is "$(awk '/^\*/ { print $3, $NF }' out)" 'head 1x1280x7x7'
is "$(awk '$2 == "blocks.8" { print $NF }' out)" 1x112x14x14
spatial=$(wc -l <out)
run layers --all "$net"
code_is 0
passes
[ "$(wc -l <out)" -gt "$spatial" ] || fails '--all should list more'

# Another size, for a network that takes any; one that does not says so.
run layers "$tiny"
is "$(awk '/^\*/ { print $NF }' out)" 1x6x4x4
run layers --size 48x32 "$tiny"
code_is 0
err_empty
is "$(awk '/^\*/ { print $NF }' out)" 1x6x16x24
run layers --size 448x320 "$net"
code_is 2
err_has 'only takes 224'
err_one_line
run layers --json "$net"
code_is 0
json_ok
json_is layers "$spatial"
json_is layers.0.spatial true
json_is exit_code 0

# The number of a layer is what --layer takes.
run layers "$net"
number=$(awk '$2 == "blocks.8" { print $1 }' out)
run explain --json "$net" "$cat" --layer "$number"
json_is results.0.maps.0.layer blocks.8

run info "$net"
code_is 0
err_empty
for words in 'efficientnet_lite0.onnx' 'opset 13' '1000 classes' 'names: model' 'head' '224' 'camx.labels = ' logits; do
    out_has "$words"
done
run info --json "$net"
code_is 0
json_ok
json_is model.classes 1000
json_is model.input_shape 4
json_is opset 13
json_is default_layer head
json_is default_width 224
json_is output_kind logits
json_is channels 3
is "$("$JSON_CHECK" out | wc -l | tr -d ' ')" 0
passes
grep -qF '"camx.mean": "127' out || fails 'the metadata should be there'

# Small networks of every family: layers and info have something to say.
for model in "$golden"/*_ts13.onnx; do
    [ -f "$model" ] || continue
    run layers --json "$model"
    code_is 0
    json_ok
    run info "$model"
    code_is 0
done
finish
