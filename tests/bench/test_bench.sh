#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The benchmark's program understands its commands and refuses what it cannot do. Times are not looked at.
#
# test_bench.sh BENCH_CAMX SOURCE_ROOT
set -u
program=$1
model=$2/tests/bindings/tiny.onnx
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0

head -c 768 /dev/zero | tr '\0' '?' >"$folder/input" # [1, 3, 8, 8], all the same number

# asks COMMANDS: what is answered after the greeting, into the file answers.
asks() {
    printf '%s\n' "$@" | "$program" >"$folder/all" || { echo "the program failed: $*"; failures=$((failures + 1)); }
    sed 1d "$folder/all" >"$folder/answers"
}

# The answers are, line by line, these patterns of case.
answers() {
    exec 3<"$folder/answers"
    for pattern in "$@"; do
        IFS= read -r line <&3 || line='(nothing)'
        # shellcheck disable=SC2254
        case $line in
        $pattern) ;;
        *)
            echo "'$line' should be '$pattern'"
            failures=$((failures + 1))
            ;;
        esac
    done
    if IFS= read -r line <&3; then
        echo "one answer too many: $line"
        failures=$((failures + 1))
    fi
}

open="open 1 $model $folder/input 3 8 8"
asks "$open" 'task 0 forward' 'task 1 gradcam class=2' 'run 0 0' 'run 1 0.001' "result 0 $folder/scores" work clock \
    "result 1 $folder/map"
answers 'ok *' ok ok 'times * * 1' 'times *' ok 'work [1-9]*' 'clock *' ok
[ "$(wc -c <"$folder/scores")" -eq 20 ] || { echo "5 scores should be written"; failures=$((failures + 1)); }
[ "$(wc -c <"$folder/map")" -gt 0 ] || { echo "a map should be written"; failures=$((failures + 1)); }

asks "$open" 'task 2 gradcam-stages class=0,1 layers=relu1,features' 'run 2 0' "result 2 $folder/maps" \
    'task 3 occlusion class=1 patch=4 stride=4 reuse=0' 'run 3 0' quit clock
answers 'ok *' ok 'times *' ok ok 'times *'

asks 'task 0 forward' 'run 0 0' work nonsense "open 1 $model missing 3 8 8" 'open 1' "$open" "$open" 'task 0 nonsense class=1' \
    'task 0 gradcam' 'task 0 gradcam class=99' 'run 0 0' 'task 99 forward' 'task 1 gradcam class=1 colour=3' \
    'task 2 gradcam class=1 layers=nothing' 'result 5 x' 'threads 2' 'peak 0'
answers 'no *' 'no *' 'no *' "no 'nonsense'*" 'no cannot read*' 'no *' 'ok *' 'no *' 'no *such method' 'no class= *' ok \
    'no *' 'no *' 'no *setting*' "no *'nothing'*" 'no *' 'ok 2' 'peak *'
echo "$failures failures"
[ "$failures" -eq 0 ]
