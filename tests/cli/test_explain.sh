#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# camx explain: methods, classes, layers, the files they make and what is said about them.
. "${0%/*}/cli.sh"
quick='--patch 112 --stride 112' # occlusion in four positions

run explain "$net" "$cat"
code_is 0
is "$(cat out)" cat-gradcam.png
files_are cat-gradcam.png
is "$(png_size cat-gradcam.png)" 451x300
err_has 'tiger cat'
clean

# All methods, the sheet, the raw maps.
# shellcheck disable=SC2086 # several words are meant
run explain -q "$net" "$cat" --method all $quick --sheet --raw
code_is 0
err_empty
expected=$(for m in ablationcam cam eigencam eigengradcam elementwise fullgrad gradcam gradcampp guided_backprop \
    guided_gradcam hirescam integrated_gradients layercam occlusion reciprocam saliency smoothgrad xgradcam; do
    printf '%s ' cat-$m.npy cat-$m.png
done)
files_are "$(printf '%s\n' $expected cat-sheet.png | sort | tr '\n' ' ' | sed 's/ $//')"
is "$(sort out | tr '\n' ' ' | sed 's/ $//')" "$(files)"
is "$(head -c 6 cat-gradcam.npy | tail -c 5)" NUMPY
is "$(head -c 128 cat-gradcam.npy | grep -ac "'shape': (7, 7)")" 1
is "$(wc -c <cat-gradcam.npy)" $((128 + 4 * 49))
is "$(head -c 128 cat-occlusion.npy | grep -ac "'shape': (224, 224)")" 1
clean

# JSON says what was explained and where it is.
# shellcheck disable=SC2086
run explain --json "$net" "$cat" -m cam,grad-cam,Grad-CAM++,occlusion $quick --raw -o maps
code_is 0
json_ok
json_is command explain
json_is results.0.maps 4
json_is results.0.maps.0.method cam
json_is results.0.maps.1.method gradcam
json_is results.0.maps.1.layer head
json_is results.0.maps.1.class 282
json_is results.0.maps.1.name 'tiger cat'
json_is results.0.maps.1.map_width 7
json_is results.0.maps.1.score_kind logit
json_is results.0.maps.1.finding heat
json_is results.0.maps.1.picture maps/cat-gradcam.png
json_is results.0.maps.1.raw maps/cat-gradcam.npy
json_is results.0.maps.2.method gradcampp
json_is results.0.maps.3.method occlusion
json_is results.0.maps.3.score_kind probability
json_is results.0.maps.3.map_width 224
is "$(json results.0.maps.1.score)" "$(json results.0.top.0.logit)"
is "$(json results.0.maps.3.score)" "$(json results.0.top.0.probability)"
clean

# On this network CAM and Grad-CAM peak at the same place: they agree by mathematics.
run explain --json "$net" "$cat" -m cam,gradcam
is "$(json results.0.maps.0.peak_x),$(json results.0.maps.0.peak_y)" \
    "$(json results.0.maps.1.peak_x),$(json results.0.maps.1.peak_y)"
clean

# Classes by number, name, part of a name, rank.
run explain -q "$net" "$cat" -c 281
code_is 0
files_are cat-gradcam.png
clean
run explain --json "$net" "$cat" -c EGYPTIAN
json_is results.0.maps.0.class 285
clean
run explain -q "$net" "$cat" -c 281,285 --class 'Egyptian cat'
code_is 0
files_are 'cat-gradcam-281_tabby.png cat-gradcam-285_Egyptian_cat.png'
clean
run explain -q "$net" "$cat" "$demo/coffee.jpg" --top 2
code_is 0
files_are 'cat-gradcam-top1.png cat-gradcam-top2.png coffee-gradcam-top1.png coffee-gradcam-top2.png'
clean
run explain "$net" "$cat" -c shark
code_is 2
err_has "'shark' can be 2 classes: great white shark (2), tiger shark (3)"
err_one_line
run explain "$net" "$cat" -c 'tigr cat'
code_is 2
err_has 'did you mean'
err_has 'tiger cat (282)'
run explain "$net" "$cat" -c 1000
code_is 2
err_has 'there is no class 1000: the network has 1000 classes, 0 to 999'
run explain "$net" "$cat" -c 99999999999999999999
code_is 2
run explain "$net" "$cat" -c nonsense
code_is 2
err_has "no class is called 'nonsense'"
run explain "$net" "$cat" -c top1001
code_is 2
files_are ''

# A class with two names goes by each, by both, and by a part of them; a comma in a name does not separate classes.
for name in CAT 'house cat' 'cat, house cat' house; do
    run explain --json "$tiny" "$cat" -c "$name"
    code_is 0
    json_is results.0.maps 1
    json_is results.0.maps.0.name 'cat, house cat'
done
clean
run explain "$tiny" "$cat" -c a
code_is 2
err_has "'a' can be"
err_has 'ant (0), cat, house cat (2)'

# Methods that look at the scores; random masks are the same for the same seed.
run explain --json "$net" "$cat" -m ablationcam,reciprocam,rise --samples 6 --seed 7 --raw -o first
code_is 0
json_is results.0.maps.0.method ablationcam
json_is results.0.maps.1.layer head
json_is results.0.maps.2.map_width 224
json_is results.0.maps.2.score_kind probability
for seed in 7 8; do
    run explain -q "$net" "$cat" -m rise --samples 6 --seed $seed --raw -o seed$seed
    code_is 0
done
passes
cmp -s first/cat-rise.npy seed7/cat-rise.npy || fails 'the same seed should give the same map'
passes
! cmp -s seed7/cat-rise.npy seed8/cat-rise.npy || fails 'another seed should give another map'
run explain -q "$net" "$cat" -m rise --samples 6 --grid 3 --probability 0.2 -o grid.png
code_is 0
clean

# Why this class and not that; evidence against.
run explain --json "$net" "$cat" -c 'tiger cat' --against 'Egyptian cat'
code_is 0
json_is results.0.maps.0.against 285
json_is results.0.maps.0.against_name 'Egyptian cat'
run explain --json "$net" "$cat" --negate
code_is 0
json_is results.0.maps.0.negated true
run explain "$net" "$cat" -c 282 --against 282
code_is 2
err_has 'cannot be explained against itself'
run explain -q "$net" "$cat" "$demo/coffee.jpg" --against 282
code_is 1
err_has 'name the class'
is "$(cat out)" coffee-gradcam.png
clean

# Layers.
run explain -q "$net" "$cat" -l blocks.8 -l head -l '#0'
code_is 0
is "$(wc -l <out)" 3
files_are "$(sort out | tr '\n' ' ' | sed 's/ $//')"
out_has cat-gradcam-blocks.8.png
out_has cat-gradcam-head.png
clean
run explain "$net" "$cat" -l haed
code_is 2
err_has 'haed'
err_has 'head'
files_are ''

# A list of single maps.
run explain -q "$net" "$cat" --map gradcam --map gradcam,layer=blocks.8 --map cam,class=285 --map gradcam
code_is 0
files_are 'cat-cam-285_Egyptian_cat.png cat-gradcam-blocks.8.png cat-gradcam.png'
clean

# Several layers and classes of a method come of the same runs, and are the maps that each would be alone.
run explain --json "$net" "$cat" -m layercam,gradcampp --layer blocks.4 --layer head --class tabby --class 285 --no-pictures \
    --raw -o together
code_is 0
json_is results.0.maps 8
json_is results.0.maps.1.layer head
json_is results.0.maps.4.class 285
for layer in blocks.4 head; do
    run explain -q "$net" "$cat" -m layercam --layer $layer --class 285 --no-pictures --raw -o alone
    code_is 0
    passes
    cmp -s alone/cat-layercam.npy together/cat-layercam-$layer-285_Egyptian_cat.npy ||
        fails "$layer alone should be the same map"
    passes
done
# One that cannot be made does not take the others along.
run explain -q "$net" "$cat" --layer head --layer logits --class tabby --class 285 -o partly
code_is 2
err_has "'logits' is no feature map"
passes
[ -f partly/cat-gradcam-head-281_tabby.png ] || fails 'the first layer has a map'
passes
# Only some of the combinations.
run explain --json "$net" "$cat" --map gradcam,layer=blocks.4 --map gradcam,layer=head --map gradcam,class=285
code_is 0
json_is results.0.maps.0.map_width 28
json_is results.0.maps.1.map_width 7
json_is results.0.maps.2.class 285
clean
rm -rf together alone partly

# A network without a dense layer behind a pool is not CAM's: an error when CAM is asked for, a note for "all".
vgg=$golden/vgg_ts13.onnx
if [ -f "$vgg" ]; then
    run explain "$vgg" "$cat" -m cam
    code_is 2
    err_has 'gradcam'
    files_are ''
    # shellcheck disable=SC2086
    run explain "$vgg" "$cat" -m all --patch 24 --stride 24
    code_is 0
    err_has 'cam is left out'
    is "$(files | tr ' ' '\n' | grep -cE 'cat-(gradcam|gradcampp|occlusion).png')" 3
    is "$(files | tr ' ' '\n' | grep -c cat-cam.png)" 0
    clean
fi

# Reuse changes nothing, classes come from the same runs, several patch sizes are one map.
for how in '' --no-reuse; do
    # shellcheck disable=SC2086
    run explain -q --json "$net" "$cat" -m occlusion $quick $how -o one.png
    code_is 0
    json results.0.maps.0.maximum >>reused
done
is "$(awk 'NR == 1 { first = $1 } END { d = $1 - first; print (d < 0 ? -d : d) <= 1e-4 * first }' reused)" 1
# shellcheck disable=SC2086
run explain -q --json "$net" "$cat" -m occlusion,gradcam --class tabby --class 'tiger cat' $quick -o two
code_is 0
json_is results.0.maps.0.class 281
is "$(files | tr ' ' '\n' | grep -c 'two/.*occlusion')" 2
run explain -q --json "$net" "$cat" -m occlusion --patch 112,56 --stride 112 -o sizes.png
code_is 0
clean
for wrong in 112,x 112,56x28 ,56; do
    run explain "$net" "$cat" -m occlusion --patch "$wrong"
    code_is 2
    err_has '--patch wants'
done

# Wrong for this network or picture.
run explain "$net" "$cat" -m occlusion --patch 4000
code_is 2
err_has 4000
files_are ''

# Colours: every map draws, and they differ.
for colours in turbo jet viridis inferno cividis grey rdbu; do
    run explain -q "$net" "$cat" --colormap "$colours" -o "$colours.png"
    code_is 0
done
is "$(cksum ./*.png | awk '{ print $1 }' | sort -u | wc -l | tr -d ' ')" 7
for how in '--alpha 0.1' --even '--scaling signed' '--scaling minmax' --blocks '--rule mean-positive -m gradcampp'; do
    # shellcheck disable=SC2086
    run explain -q "$net" "$cat" $how -o how.png
    code_is 0
    passes
    ! cmp -s how.png turbo.png || fails "$how should make a difference"
done
for fill in 0,0,0 '#ffffff' blur blur=9 value=0; do
    # shellcheck disable=SC2086
    run explain -q --json "$net" "$cat" -m occlusion $quick --fill "$fill" --edge flush -o fill.png
    code_is 0
    json results.0.maps.0.maximum >>maxima
done
is "$(sort -u maxima | wc -l | tr -d ' ')" 5
finish
