#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The demonstration: a real network looks at a photograph of a cat, and every method shows where it looked.
#
#   docs/demo/run_demo.sh build       writes build/demo/
set -eu
build=${1:-build}
here=$(dirname -- "$0")
camx=$build/src/camx
model=$here/efficientnet_lite0.onnx
out=$build/demo

say() { printf '%s\n' "$*"; }

# A folder that was configured before libpng and libjpeg were installed has no program yet.
if [ ! -x "$camx" ]; then
    say "camx: the program was left out so far: configuring it"
    meson setup --reconfigure "$build" -Dimage=enabled -Dprogram=enabled >"$build/setup.txt" 2>&1 || {
        cat "$build/setup.txt"
        exit 1
    }
    ninja -C "$build"
fi

list=$(mktemp)
trap 'rm -f "$list" "$list.focus"' EXIT
say
say "1. What does EfficientNet-Lite0 see in docs/demo/cat.png? Its five best classes:"
say
"$camx" classify "$model" "$here/cat.png"

say
say "2. Where did it look? Every method for the best class; Grad-CAM also at a layer in the middle"
say "   (blocks.8) and for the second class."
"$camx" explain --quiet "$model" "$here/cat.png" --output "$out" --sheet \
    --map cam --map gradcam --map gradcampp --map occlusion \
    --map gradcam,layer=blocks.8 --map gradcam,class=top2 >"$list"

say
say "3. A picture with a cat and a cup of coffee: where is the espresso, where is the cat?"
"$camx" explain --quiet "$model" "$here/cat_and_coffee.jpg" --output "$out" --sheet \
    --class espresso --class 'tiger cat' >>"$list"

say
say "4. From the first layers to the last: the cat at every stage of the network, by one pass (LayerCAM)."
"$camx" progress --quiet "$model" "$here/cat.png" --output "$out" --method layercam >>"$list"

say
say "5. Boxes around the cat and around the cup, and object or background: does the network look at the rocket, or"
say "   beside it? The rocket's box is 305,125,35,275."
mkdir -p "$out/boxes"
"$camx" explain --quiet "$model" "$here/cat_and_coffee.jpg" --output "$out/boxes" --box-threshold 50% --largest-box \
    --class espresso --class 'tiger cat' >>"$list"
"$camx" explain --quiet "$model" "$here/rocket.jpg" --output "$out" --box 305,125,35,275 >"$list.focus"
grep '\.png$' "$list.focus" >>"$list" || true
sed -n '/heat inside/,$p' "$list.focus"

say
say "6. What does the network look for in a volcano? A picture made from noise (half a minute)."
"$camx" dream --quiet "$model" --class volcano --output "$out/volcano.png" >>"$list"

say
say "The pictures:"
say
sed 's/^/  /' "$list"
say
say "Look at $out/cat-sheet.png first: all maps of the cat with captions."
say "This network ends in global pooling and one dense layer, so CAM and Grad-CAM agree by mathematics."
