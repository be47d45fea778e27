#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# camx classify: what the demo's network sees in the demo's photographs, class names, preparation.
. "${0%/*}/cli.sh"

run classify "$net" "$cat"
code_is 0
is "$(head -n 1 out)" "$cat"
is "$(wc -l <out)" 6
out_has 'tiger cat'
err_has 'pictures are prepared so: '
err_has '224'

run classify --json "$net" "$cat" "$demo/coffee.jpg" "$demo/rocket.jpg"
code_is 0
json_ok
json_is schema camx/1
json_is command classify
json_is exit_code 0
json_is failed 0
json_is model.classes 1000
json_is model.labels model
json_is results 3
json_is results.0.image "$cat"
json_is results.0.width 451
json_is results.0.height 300
json_is results.0.top 5
json_is results.0.top.0.class 282
json_is results.0.top.0.name 'tiger cat'
json_is results.0.top.1.name 'Egyptian cat'
json_is results.1.top.0.name espresso
json_is results.2.top.0.name missile
is "$(json results.0.top.0.probability | cut -c1-3)" 0.3
is "$(json results.1.top.0.probability | cut -c1-3)" 0.9
is "$(json results.0.preparation | grep -c 224)" 1

# The same from standard input.
"$CAMX" classify -q --json "$net" - <"$cat" >out 2>err
code=$?
code_is 0
json_is results.0.image -
json_is results.0.top.0.class 282
"$CAMX" classify -q "$net" - </dev/null >out 2>err
code=$?
code_is 1
err_has 'standard input'

# More classes than there are; the probabilities are those of one softmax and fall.
run classify -q --top 5000 "$net" "$cat"
code_is 0
is "$(wc -l <out)" 1001
is "$(awk 'NR > 1 { sum += $1 } END { print (sum > 98 && sum < 100.5) ? "one" : sum }' out)" one
is "$(awk 'NR > 2 && $1 > last { print "rises" } NR > 1 { last = $1 }' out)" ''

# Names from a file.
awk 'BEGIN { for (i = 0; i < 1000; i++) printf "thing %d\r\n", i }' >names.txt
run classify -q --labels names.txt "$net" "$cat"
code_is 0
out_has 'thing 282'
run classify --json --labels names.txt "$net" "$cat"
json_is model.labels file
json_is results.0.top.0.name 'thing 282'
head -n 999 names.txt >short.txt
run classify --labels short.txt "$net" "$cat"
code_is 2
err_has 'short.txt have 999 lines, but the network has 1000 classes'
err_one_line
run classify --labels missing.txt "$net" "$cat"
code_is 2
err_has 'missing.txt cannot be read'
run classify --labels . "$net" "$cat"
code_is 2
run classify --labels "$cat" "$net" "$cat"
code_is 2
err_has 'not a text file'

# How the picture is prepared changes what is seen, and is said.
run classify --json "$net" "$cat"
usual=$(json results.0.top.0.logit)
for how in '--fit stretch' '--fit letterbox' '--filter nearest' '--filter bicubic' '--preset unit' '--bgr' \
    '--mean 0 --std 255' '--mean 1,2,3 --std 50,60,70' '--resize 224'; do
    # shellcheck disable=SC2086 # several words are meant
    run classify --json $how "$net" "$cat"
    code_is 0
    passes
    [ "$(json results.0.top.0.logit)" != "$usual" ] || fails "$how should make a difference"
done
run classify --json --size 224x224 "$net" "$cat"
code_is 0
is "$(json results.0.top.0.logit)" "$usual"
run classify --size 256x192 "$net" "$cat"
code_is 2
err_has 256
run classify --json --size 48x32 "$tiny" "$cat"
code_is 0
passes
json results.0.preparation | grep -q 48x32 || fails 'the size should be told'
run classify --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 "$net" "$cat"
code_is 0
err_has 'multiply the mean and std'
run classify --mean 1,2 "$net" "$cat"
code_is 2
err_has '--mean has 2 numbers, but the network'
finish
