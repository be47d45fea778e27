#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Boxes around the heat; how much of it lies in a box or a mask, for one picture and for a folder.
. "${0%/*}/cli.sh"

# ---- boxes ----
run explain -q "$net" "$cat" -o plain.png
run explain -q "$net" "$cat" --boxes -o boxes.png
code_is 0
passes
! cmp -s plain.png boxes.png || fails 'the boxes should be drawn'
run explain --json "$net" "$cat" --boxes
code_is 0
json_ok
json_is results.0.maps.0.boxes 1
json_is results.0.maps.0.boxes.0.peak 1
x=$(json results.0.maps.0.boxes.0.x)
y=$(json results.0.maps.0.boxes.0.y)
width=$(json results.0.maps.0.boxes.0.width)
height=$(json results.0.maps.0.boxes.0.height)
passes
[ "$x" -ge 0 ] && [ $((x + width)) -le 451 ] && [ "$y" -ge 0 ] && [ $((y + height)) -le 300 ] ||
    fails 'the box should lie in the photograph'

# A higher threshold gives less; a share in percent is that share.
run explain --json "$net" "$cat" --box-threshold 80%
json results.0.maps.0.boxes.0.area >areas
run explain --json "$net" "$cat" --box-threshold 0.8 --largest-box
json results.0.maps.0.boxes.0.area >>areas
json_is results.0.maps.0.boxes 1
is "$(sort -u areas | wc -l | tr -d ' ')" 1
passes
[ "$(head -n 1 areas)" -lt $((width * height)) ] || fails 'less should be hot'
run explain --json "$net" "$cat" --box-threshold otsu
code_is 0
json_is results.0.maps.0.boxes.0.peak 1

# Against a given box: the found box itself overlaps wholly, one elsewhere not at all.
run explain --json "$net" "$cat" --boxes --box "$x,$y,$width,$height"
json_is results.0.maps.0.boxes.0.iou 1
run explain --json "$net" "$cat" --boxes --box 0,0,5,5
json_is results.0.maps.0.boxes.0.iou 0
clean

# ---- object or background ----
run explain -q "$net" "$cat" --box 0,0,451,300
code_is 0
out_has 'heat inside'
out_has '100.0 %'
out_has cat-gradcam.png
run explain --json "$net" "$cat" --box 0,0,10,300 --no-pictures
code_is 0
json_is results.0.maps.0.focus.heat_share 0
json_is results.0.maps.0.focus.peak_inside false
json_is focus.0.map gradcam
json_is focus.0.name 'tiger cat'
clean

# A grey map is a mask: it marks where the heat is, so most heat lies inside and so does the peak.
mkdir masks photos
run explain -q "$net" "$cat" --colormap grey --even --alpha 1 -o masks/cat.png
run explain -q "$net" "$demo/coffee.jpg" --colormap grey --even --alpha 1 -o masks/coffee.png
cp "$cat" "$demo/coffee.jpg" photos
run explain -q "$net" photos --mask masks --csv --no-pictures
code_is 0
tr -d '\r' <out >table.csv
is "$(wc -l <table.csv)" 3
is "$(head -n 1 table.csv)" \
    image,map,method,class,name,probability,heat_share,area_share,seen_share,peak_inside,peak_x,peak_y
is "$(awk -F, 'NR > 1 { print (($7 > $8) && $10 == 1) }' table.csv | sort -u)" 1
is "$(awk -F, 'NR > 1 { print $7 }' table.csv)" "$(awk -F, 'NR > 1 { print $7 }' table.csv | sort -g)"
files_are 'masks/cat.png masks/coffee.png photos/cat.png photos/coffee.jpg table.csv'
run explain -q "$net" photos --mask masks -m gradcam,gradcampp -o maps
code_is 0
is "$(grep -c inside out)" 5
is "$(find maps -name '*.png' | wc -l | tr -d ' ')" 4
run explain -q --json "$net" photos --mask masks --no-pictures
json_ok
json_is focus 2
json_is failed 0

# The level decides what the mask marks.
run explain -q --json "$net" "$cat" --mask masks/cat.png --mask-level 1 --no-pictures
wide=$(json focus.0.area_share)
run explain -q --json "$net" "$cat" --mask masks/cat.png --mask-level 250 --no-pictures
passes
awk "BEGIN { exit !($wide > $(json focus.0.area_share)) }" || fails 'a higher level should mark less'

# A photograph without a mask, or with one of another size, fails alone.
rm masks/coffee.png
run explain -q "$net" photos --mask masks --csv --no-pictures
code_is 1
err_has 'the folder masks has no mask of the same name'
is "$(wc -l <out)" 2
cp "$demo/coffee.jpg" masks
run explain -q "$net" photos --mask masks/cat.png --csv --no-pictures
code_is 1
err_has 'the mask is 451 x 300 pixels'
is "$(wc -l <out)" 2
run explain -q "$net" "$cat" --mask missing.png
code_is 1
err_has missing.png
clean

# ---- what cannot be ----
for box in 0,0,0,10 0,0,10,0 1,2,3 1,2,3,4,5 a,b,c,d -1,0,5,5 '' 1,,2,3; do
    run explain "$net" "$cat" --box "$box"
    code_is 2
    err_has 'X,Y,W,H'
done
run explain "$net" "$cat" --box 400,0,100,100
code_is 1
err_has 'not inside the picture of 451 x 300'
for level in 0 0% 1.5 200% x; do
    run explain "$net" "$cat" --box-threshold "$level"
    code_is 2
    err_has 'a share of the maximum'
done
run explain "$net" "$cat" --mask-level 0 --mask "$cat"
code_is 2
run explain "$net" "$cat" --box 0,0,5,5 --mask "$cat"
code_is 2
err_has 'cannot be used together'
run explain "$net" "$cat" --csv
code_is 2
err_has 'give one of them'
run explain "$net" "$cat" --csv --json --box 0,0,5,5
code_is 2
mkdir empty
run explain "$net" empty
code_is 1
err_has empty
files_are ''
finish
