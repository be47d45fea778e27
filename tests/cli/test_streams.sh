#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# stdout and stderr: untrusted names, closed pipes, full disks, quiet, signals.
. "${0%/*}/cli.sh"

# Names with quotes, escapes and bytes that are not UTF-8: JSON stays valid, terminals stay as they are.
awk 'BEGIN { for (i = 0; i < 1000; i++) if (i != 282) print "n" i }' >rest
{
    head -n 282 rest
    printf 'a"b\\c\033[31m\001\377\302\233/\303\251\t<script>\n'
    tail -n +283 rest
} >names
run classify --json --top 1 --labels names "$net" "$cat"
code_is 0
json_ok
is "$(json results.0.top.0.name)" "$(printf 'a"b\\c\033[31m\001\357\277\275\302\233/\303\251\t<script>')"
run classify --top 1 --labels names "$net" "$cat"
code_is 0
is "$(tr -d '\n\t' <out | tr -d '\040-\176\303\251' | wc -c | tr -d ' ')" 0
run explain --labels names "$net" "$cat" -c 282 -c 281
code_is 0
out_has 'cat-gradcam-282_a_b_c__31m'
is "$(tr -d '\040-\176\n\303\251' <err | wc -c | tr -d ' ')" 0
clean

# Nothing but errors with --quiet, and colours or progress never go to a file.
run classify -q "$net" "$cat"
err_empty
run explain "$net" "$cat" -m occlusion --patch 112 --stride 112
is "$(grep -c "$(printf '\033')" err)" 0

# A reader that stops, a full disk, a closed stdout: exit code 5.
("$CAMX" classify -q --top 1000 "$net" "$cat" "$cat" "$cat" 2>err; echo $? >code) | head -n 1 >out
code=$(cat code)
case $code in # the whole answer may have fitted into the pipe before the reader left
0 | 5) passes ;;
*) fails 'the exit code should be 5' ;;
esac
err_empty
if [ -c /dev/full ]; then
    "$CAMX" classify -q "$net" "$cat" >/dev/full 2>err
    code=$?
    code_is 5
    err_has 'stdout cannot be written'
    "$CAMX" --help >/dev/full 2>err
    code=$?
    code_is 5
    "$CAMX" layers --json "$net" >/dev/full 2>err
    code=$?
    code_is 5
fi
"$CAMX" classify -q "$net" "$cat" >&- 2>err
code=$?
code_is 5
cp "$net" copy.onnx
"$CAMX" classify -q copy.onnx "$cat" >&- 2>&- <&-
code=$?
code_is 5
cmp -s copy.onnx "$net"
is $? 0

# A batch that is asked to stop says so and leaves whole files only.
clean
set --
i=0
while [ $i -lt 400 ]; do
    set -- "$@" "$cat"
    i=$((i + 1))
done
"$CAMX" explain --json "$net" "$@" -o maps >out 2>err &
child=$!
while [ ! -f maps/cat-gradcam.png ] && kill -0 $child 2>/dev/null; do sleep 0.1; done
kill -TERM $child
wait $child
code=$?
code_is 143
err_has 'stopped by signal 15'
json_ok
json_is exit_code 143
for file in maps/*; do
    is "$(tail -c 8 "$file" | od -An -tx1 | tr -d ' \n')" 49454e44ae426082
done
finish
