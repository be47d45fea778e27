#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# camx dream: which files it makes, that it repeats itself, and what it refuses. Few steps: not what it paints.
. "${0%/*}/cli.sh"

run dream -q "$net" --class volcano --steps 3
code_is 0
err_empty
is "$(cat out)" dream.png
files_are dream.png
cp dream.png first.png
run dream -q "$net" --class volcano --steps 3 --threads 1
passes
cmp -s dream.png first.png || fails 'the same picture should come out again, with one thread too'
run dream -q "$net" --class volcano --steps 3 --seed 1
passes
! cmp -s dream.png first.png || fails 'another seed should give another picture'
clean

run dream -q "$net" "$cat" --layer blocks.8 --channel 3 --steps 4 --frames 2 -o made.jpg --json
code_is 0
files_are 'made-0000.jpg made-0002.jpg made-0004.jpg made.jpg'
json_ok
json_is file made.jpg
clean

run dream "$net"
code_is 2
err_has '--class, --channel or --layer'
run dream "$net" --class nothing-of-that-name
code_is 2
run dream "$net" --channel 99999 --steps 1
code_is 2
err_has 'channel 99999'
run dream "$net" --class 3 -o folder
code_is 2
err_has 'ends in .png or .jpg'
run dream "$net" "$cat" "$cat" --class 3
code_is 2
err_has 'at most one picture'
cp "$cat" mine.png
run dream "$net" mine.png --class 3 -o mine.png
code_is 2
err_has 'never overwritten'
passes
cmp -s "$cat" mine.png || fails 'the photograph should be as it was'
finish
