#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command line: help, version, and what is wrong with it.
. "${0%/*}/cli.sh"

# wrong WORDS ARGUMENTS...: exit code 2, one sentence with WORDS, nothing on stdout.
wrong() {
    words=$1
    shift
    run "$@"
    code_is 2
    err_has "$words"
    err_one_line
    out_empty
}

run --help
code_is 0
out_has 'Examples:'
out_has 'camx COMMAND --help'
err_empty
for each in explain classify layers info profile; do
    run "$each" --help
    code_is 0
    out_has "Usage: camx $each MODEL"
    is "$(sed -n 5p out)" 'Examples:'
    is "$(awk 'length > 88' out)" ''
    cp out help
    run help "$each"
    is "$(cat out)" "$(cat help)"
    run --help "$each"
    is "$(cat out)" "$(cat help)"
done
run --version
code_is 0
out_has "camx $(sh "$CAMX_SOURCE_ROOT/pkgconfig/version.sh" package)"
run -V
code_is 0

wrong 'which command?'
wrong "there is no command 'expalin'; did you mean camx explain?" expalin
wrong "there is no command 'zzzzzz'" zzzzzz
wrong 'the model is missing: camx explain MODEL IMAGE...' explain
wrong 'the picture is missing' explain net.onnx
wrong 'the picture is missing' classify net.onnx
wrong 'the model is missing' layers
wrong "takes a model and nothing else, but here is 'x'" info net.onnx x
wrong 'the model is missing: camx profile MODEL [IMAGE]' profile
wrong "takes a model and at most one picture, but here is 'y'" profile net.onnx x y
wrong '--layer makes no difference without --backward' profile net.onnx --layer x
wrong 'goes back to one --layer' profile net.onnx --backward --layer x --layer y
wrong '--runs wants a number from 1 to 1000' profile net.onnx --runs 0
wrong '--runs wants a number from 1 to 1000' profile net.onnx --runs 1001
wrong 'there is no option --alhpa; did you mean --alpha?' explain n i --alhpa 1
wrong 'there is no option --zzzzzzzzz; see camx explain --help' explain n i --zzzzzzzzz
wrong 'there is no option --sheet' classify n i --sheet
wrong 'there is no option -z' explain n i -qz
wrong '--alpha wants a value: --alpha A' explain n i --alpha
wrong '--output wants a value' explain n i -o
wrong '--sheet takes no value' explain n i --sheet=yes
wrong '--map stands instead of' explain n i --map cam --class 3
wrong '--top and --class cannot be used together' explain n i --top 2 --class 3
wrong '--layer makes no difference' explain n i --method cam,occlusion --layer x
wrong "is no method" explain n i --map camm
wrong 'does not look at a layer' explain n i --map cam,layer=x

# Every kind of value, wrong in every way.
wrong_value() {
    for value in "$@"; do
        [ "$value" = "$1" ] || wrong "--$1 wants" explain n i "--$1=$value"
    done
}
wrong_value alpha 1.5 -0.1 x '' nan inf 0x1 ' 1' 1e999 1,2
wrong_value threads 0 -1 1.5 99999999999999999999 1x ''
wrong_value size 0 x 224x 224x0 x224 224x224x3 -5 99999999
wrong_value patch 0 -1 32x 3.5
wrong_value stride 0 0x0 5x0 x
wrong_value fill red 1,2 1,2,3,4 256,0,0 '#12345' '#1234567' '#gggggg' blur= blur=0 value= value=x value=nan
wrong_value mean '' , 1, ,1 1,2,3,4,5 x
wrong_value std 0 -1 1,0,1 x
wrong_value method '' , gradcam, nonsense cam,nonsense
wrong_value colormap hot ''
wrong_value scaling raw ''
wrong_value edge left
wrong_value score yes
wrong_value rule simple
wrong_value samples 0 -1 x 1.5 ''
wrong_value seed -1 x 99999999999 ''
wrong_value grid 0 257 x ''
wrong_value probability 0 1 1.5 -0.1 x ''
wrong_value preset caffe
wrong_value fit fill
wrong_value filter lanczos
wrong_value resize 0 x
wrong_value top 0 x
wrong_value max-memory x 4T 4GB -1 1.5G
wrong_value class ''
wrong_value layer ''
wrong_value output ''

# Options may stand anywhere, -- ends them, letters combine, values may be attached.
run classify -qj -k2 "$net" "$cat"
code_is 0
json_is results.0.top 2
cp "$cat" ./-odd.png
run -q classify --top=1 "$net" -- -odd.png
code_is 0
is "$(wc -l <out)" 2
finish
