#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Files that go in and come out: broken ones, names that meet, places that cannot be written, inputs that must stay.
. "${0%/*}/cli.sh"

# Models that cannot be loaded.
printf 'this is no network\n' >text.onnx
: >empty.onnx
head -c 1000 "$net" >short.onnx
head -c 5000000 "$net" >half.onnx
mkdir folder
for model in missing.onnx text.onnx empty.onnx short.onnx half.onnx folder "$cat"; do
    for words in "explain $model $cat" "classify $model $cat" "layers $model" "info $model"; do
        # shellcheck disable=SC2086 # several words are meant
        run $words
        code_is 3
        out_empty
        err_one_line
        err_has "${model##*/}"
    done
done
run classify --json missing.onnx "$cat"
code_is 3
json_ok
json_is schema camx/1
json_is error.status CAMX_E_IO
json_is exit_code 3
run classify --max-memory 100K "$net" "$cat"
code_is 4
err_one_line
clean

# Bad pictures do not stop the good ones.
printf 'not a picture' >bad.png
: >empty.jpg
head -c 5000 "$cat" >cut.png
head -c 5000 "$demo/coffee.jpg" >cut.jpg
mkdir folder.png
run explain "$net" bad.png empty.jpg "$cat" cut.png cut.jpg folder.png missing.png "$demo/coffee.jpg"
code_is 1
is "$(cat out | tr '\n' ' ')" 'cat-gradcam.png coffee-gradcam.png '
for bad in bad.png empty.jpg cut.png cut.jpg folder.png missing.png; do
    err_has "$bad"
done
err_has '6 of 8 pictures failed'
files_are 'bad.png cat-gradcam.png coffee-gradcam.png cut.jpg cut.png empty.jpg'
run explain --json "$net" bad.png "$cat" missing.png
code_is 1
json_ok
json_is failed 2
json_is exit_code 1
json_is results 3
json_is results.0.image bad.png
json_is results.0.error.status CAMX_E_FORMAT
json_is results.1.top.0.class 282
json_is results.2.error.status CAMX_E_IO
run classify -q "$net" missing.png
code_is 1
err_one_line
clean

# Names that meet are told apart.
mkdir a b
cp "$cat" a/x.png
cp "$cat" b/x.png
cp "$demo/coffee.jpg" b/X.jpg
run explain -q "$net" a/x.png b/x.png b/X.jpg
code_is 0
is "$(tr '\n' ' ' <out)" 'x-gradcam.png x_2-gradcam.png X_3-gradcam.png '
clean

# Folders are made; a file can be named for one picture.
run explain -q "$net" "$cat" -o one/two/three/
code_is 0
files_are one/two/three/cat-gradcam.png
clean
run explain -q "$net" "$cat" -o hot.jpg --raw
code_is 0
files_are 'hot.jpg hot.npy'
is "$(od -An -tx1 -N2 hot.jpg | tr -d ' ')" ffd8
clean
run explain -q "$net" "$cat" -m cam,gradcam -o sheet.png --sheet
code_is 0
files_are sheet.png
clean
run explain "$net" "$cat" -m cam,gradcam -o one.png
code_is 2
err_has '-o one.png is one file'
run explain "$net" "$cat" "$demo/coffee.jpg" -o one.png
code_is 2
files_are ''

# Inputs are never overwritten, whatever name or link they are reached by.
cp "$cat" cat.png
cp cat.png original
run explain "$net" cat.png -o cat.png
code_is 1
err_has 'cat.png is an input and will not be overwritten'
ln -s cat.png link.png
run explain "$net" cat.png -o link.png
code_is 1
ln cat.png hard.png
run explain "$net" hard.png -o cat.png
code_is 1
cp cat.png y.png
cp cat.png y-gradcam.png
run explain "$net" y.png y-gradcam.png
code_is 1
err_has 'y-gradcam.png is an input'
is "$(cat out)" y-gradcam-gradcam.png
cmp -s cat.png original && cmp -s y-gradcam.png original
is $? 0
clean

# Places that cannot be written: exit code 1, a sentence, nothing half written.
: >file
run explain -q "$net" "$cat" -o file/sub
code_is 1
err_has 'file/sub'
run explain -q "$net" "$cat" -o missing/out.png
code_is 1
err_has 'missing/out.png'
files_are file
if [ "$(id -u)" -ne 0 ]; then
    mkdir locked
    chmod 555 locked
    run explain -q "$net" "$cat" -o locked
    code_is 1
    err_has locked
    is "$(find locked -type f)" ''
fi
run explain --json "$net" "$cat" -o file/sub
code_is 1
json_ok
json_is results.0.error.status CAMX_E_IO
finish
