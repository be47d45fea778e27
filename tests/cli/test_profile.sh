#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# camx profile.
. "${0%/*}/cli.sh"

run profile "$tiny" --runs 3
code_is 0
err_empty
is "$(head -n 1 out | awk '{ print $1, $2, $3, $4 }')" 'ms share GFLOP/s operator'
out_has 'Conv'
out_has 'median of 3 runs'
run info --json "$tiny"
steps=$(json steps)
run profile --json "$tiny" --runs 3
code_is 0
json_ok
json_is steps "$steps"
json_is runs 3
json_is command profile
json_is steps.0.number 0
json_is exit_code 0

# The slowest, slowest first; on a picture, which is prepared as for explain.
run profile --json "$net" "$cat" --runs 1 --top 4 --threads 1
code_is 0
json_ok
json_is steps 4
json_is threads 1
json_is steps.0.op Conv
json_is steps.0.kind forward
json_is steps.0.input_shape 4
is "$(for i in 0 1 2 3; do json "steps.$i.ms"; done | sort -g -r | tr '\n' ' ')" \
    "$(for i in 0 1 2 3; do json "steps.$i.ms"; done | tr '\n' ' ')"
err_has 'prepared'

# There and back.
run profile "$net" --runs 1
code_is 0
err_empty
forward=$(wc -l <out)
run profile "$net" --runs 1 --backward
code_is 0
out_has 'backward'
passes
[ "$(wc -l <out)" -gt "$forward" ] || fails 'the way back should be listed'
cp out near
run profile "$net" --runs 1 --backward --layer blocks.10
code_is 0
passes
[ "$(wc -l <out)" -gt "$(wc -l <near)" ] || fails 'the way back to an earlier layer should be longer'

run profile "$net" --backward --layer nothing
code_is 2
err_has "'nothing'"
err_one_line
run profile "$net" --backward --layer logits
code_is 2
err_has 'no feature map'
run profile "$net" missing.png
code_is 1
err_has 'missing.png'
err_one_line
run profile missing.onnx
code_is 3
finish
