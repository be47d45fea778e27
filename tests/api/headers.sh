#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each public header compiles alone, twice in one file, as strict C11 and (where there is a C++ compiler) as C++17,
# without a warning; and holds nothing that an ABI for other languages cannot have: variable arguments, long,
# bool, FILE. What fills a struct from nothing is told its size, by a macro of the function's name.
#
# headers.sh INCLUDE_FOLDER C_COMPILER [CXX_COMPILER]     (a compiler may be several words: "ccache gcc")
set -eu
include=$1
cc=$2
cxx=${3-}
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
checked=0
sized=0

compile() { # what, then the command
    what=$1
    shift
    if ! "$@" >"$work/log" 2>&1; then
        echo "$what:" >&2
        cat "$work/log" >&2
        failures=$((failures + 1))
    fi
}

for header in "$include"/camx/*.h; do
    name=camx/$(basename "$header")
    checked=$((checked + 1))
    printf '#include "%s"\n#include "%s"\ntypedef int camx_something;\n' "$name" "$name" >"$work/alone.c"
    cp "$work/alone.c" "$work/alone.cpp"
    # shellcheck disable=SC2086 # a compiler may be several words
    compile "$name as C11" $cc -std=c11 -pedantic -Wall -Wextra -Wundef -Wstrict-prototypes -Werror \
        -I"$include" -fsyntax-only "$work/alone.c"
    if [ -n "$cxx" ]; then
        # shellcheck disable=SC2086
        compile "$name as C++17" $cxx -std=c++17 -pedantic -Wall -Wextra -Wundef -Werror -I"$include" \
            -fsyntax-only "$work/alone.cpp"
    fi
    awk -f "$here/strip.awk" -f "$here/strip_print.awk" "$header" >"$work/stripped"
    if grep -nE 'CAMX_API void [a-z_]*_init\(' "$work/stripped"; then
        echo "$name: an _init function must be told the size of the struct by a macro: CAMX_API void (NAME)(...)" >&2
        failures=$((failures + 1))
    fi
    for function in $(sed -n 's/^CAMX_API [a-z_]* (\([a-z_]*\))(.*/\1/p' "$work/stripped"); do
        sized=$((sized + 1))
        if ! grep -A 1 "^#define $function(" "$work/stripped" | tr -d '\\\n' |
            grep -qE " $function\(.*\(([a-z]+)\), sizeof \*\(\1\)"; then
            echo "$name: $function has no macro that passes sizeof *(struct) behind the struct" >&2
            failures=$((failures + 1))
        fi
    done
    if grep -nE '\.\.\.|(^|[^A-Za-z0-9_])(long|bool|_Bool|FILE|va_list)([^A-Za-z0-9_]|$)' "$work/stripped"; then
        echo "$name: variable arguments, long, bool and FILE * have no place in the public interface" >&2
        failures=$((failures + 1))
    fi
done
[ -n "$cxx" ] || echo "no C++ compiler was found: the headers were not tried as C++17"
[ "$checked" -ge 3 ] || { echo "only $checked headers were found in $include/camx" >&2; exit 1; }
[ "$sized" -ge 18 ] || { echo "only $sized functions that fill a struct were found" >&2; exit 1; }
echo "$checked public headers, $sized functions told the size, $failures failures"
[ "$failures" -eq 0 ]
