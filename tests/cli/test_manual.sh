#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manual page has exactly the options of --help, with the same letters and values, and every exit code.
. "${0%/*}/cli.sh"
manual=$CAMX_SOURCE_ROOT/docs/camx.1

# "m method LIST" per option; "-" where there is no letter or value.
for each in explain progress classify layers info profile dream; do
    run "$each" --help
    code_is 0
    sed -n -e 's/^  -\(.\), --\([a-z-]*\) *\([A-Z]*\)\( .*\)*$/\1 \2 \3/p' \
        -e 's/^      --\([a-z-]*\) *\([A-Z]*\)\( .*\)*$/- \1 \2/p' out >>help
done
sort -u help | sed 's/ $/ -/' >help.options
sed -n -e 's/^\.It Fl \(.\) , Fl -\([a-z-]*\) *\(Ar \)*\([A-Z]*\)$/\1 \2 \4/p' \
    -e 's/^\.It Fl -\([a-z-]*\) *\(Ar \)*\([A-Z]*\)$/- \1 \3/p' "$manual" |
    sort -u | sed 's/ $/ -/' >manual.options
passes
diff help.options manual.options >differences || {
    fails 'the manual should have the options of --help'
    cat differences
}
passes
[ "$(wc -l <help.options)" -ge 30 ] || fails 'the options should have been found'

for each in explain progress classify layers info profile dream; do
    passes
    grep -q "^\.It Cm $each\$" "$manual" || fails "the manual should tell about $each"
done
for number in 0 1 2 3 4 5; do
    passes
    grep -q "^\.It $number\$" "$manual" || fails "the manual should have exit code $number"
done
if command -v mandoc >/dev/null 2>&1; then
    code=0
    mandoc -Tlint "$manual" >out 2>err || code=$?
    code_is 0
    out_empty
fi

# The completion for bash offers the options of --help and values that the program takes.
if command -v bash >/dev/null 2>&1; then
    offers() {
        command="complete $*"
        bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _camx; printf "%s\n" "${COMPREPLY[@]}"' \
            complete "$CAMX_SOURCE_ROOT/docs/completions/camx.bash" "$CAMX" "$@" >out 2>err
        code=$?
        code_is 0
        err_empty
    }
    offers cl
    is "$(cat out)" classify
    offers explain net.onnx --al
    is "$(cat out)" --alpha
    offers classify net.onnx --al
    is "$(cat out)" ''
    offers layers ''
    is "$(cat out)" ''
    for option in method colormap preset scaling score rule edge fit filter; do
        offers explain net.onnx "--$option" ''
        cp out values
        passes
        [ "$(wc -l <values)" -ge 2 ] || fails "values of --$option should be offered"
        while read -r value; do
            run explain missing.onnx x.png "--$option" "$value"
            code_is 3
        done <values
    done
fi
finish
