#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The checks must be able to fail: each is shown a small tree that is right, and the same tree with one thing
# wrong, and must accept the first and name what is wrong in the second.
#
# selftest.sh SOURCE_ROOT     (for the table in docs/architecture.md)
set -eu
root=$(cd "${1:-.}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
cases=0
licence='/* SPDX-License-Identifier: Apache-2.0 */'

fresh() { # a small tree that is right
    rm -rf "$work/tree"
    mkdir -p "$work/tree/docs" "$work/tree/lib/base" "$work/tree/lib/map" "$work/tree/lib/run" \
        "$work/tree/lib/kernels" "$work/tree/src" "$work/tree/bindings/cpp" "$work/tree/tests"
    cp "$root/docs/architecture.md" "$work/tree/docs/"
    cd "$work/tree"
    printf '%s\nint base(void);\n' "$licence" >lib/base/base.h
    printf '%s\n#include "base/base.h"\nint map(void);\n' "$licence" >lib/map/map.h
    printf '%s\n#include <stddef.h>\n#include "camx/camx.h" /* "run/run.h" */\n#include "map/map.h"\n' \
        "$licence" >lib/map/map.c
    printf '%s\n#include "base/base.h"\n' "$licence" >lib/run/run.h
    printf '%s\n#include <cblas.h>\n' "$licence" >lib/kernels/gemm_blas.c
    printf '%s\n#include "camx/camx.h"\n#include "near.h"\n' "$licence" >src/main.c
    printf '%s\n' "$licence" >src/near.h
}

check() { # script, the text expected in its complaint; "" = it must be content
    cases=$((cases + 1))
    status=0
    sh "$here/$1" "$work/tree" >"$work/log" 2>&1 || status=$?
    if [ -z "$2" ] && [ "$status" -ne 0 ]; then
        echo "$1 complains about a tree that is right:" >&2
    elif [ -n "$2" ] && { [ "$status" -eq 0 ] || ! grep -qF -e "$2" "$work/log"; }; then
        echo "$1 should have said: $2" >&2
    else
        return 0
    fi
    cat "$work/log" >&2
    failures=$((failures + 1))
}

add() { # file, line
    printf '%s\n' "$2" >>"$work/tree/$1"
}

fresh
check includes.sh ""
check style.sh ""

fresh; add lib/map/map.c '#include "run/run.h"'
check includes.sh 'lib/map/map.c:5: the room map may not include "run/run.h"'
fresh; add lib/map/map.c '#  include "base/none.h"'
check includes.sh '"base/none.h" does not exist'
fresh; add lib/map/map.c '#include <cblas.h>'
check includes.sh '<cblas.h> is not for this room'
fresh; add lib/map/map.c '#include <base/base.h>'
check includes.sh 'are included with quotes'
fresh; add lib/map/map.c '#include "map.h"'
check includes.sh 'write "map/map.h"'
fresh; add src/main.c '#include "map/map.h"'
check includes.sh 'the room src may not include'
fresh; mkdir "$work/tree/lib/attic"; add lib/attic/a.c "$licence"
check includes.sh 'the room attic is missing'
fresh; add lib/base/base.h '#include "base/other.h"'; add lib/base/other.h '#include "base/base.h"'
check includes.sh 'a cycle of headers'
fresh; add lib/base/base.h '#include "map/map.h"'
check includes.sh 'a cycle of rooms'
fresh; add src/map.c "$licence"
check includes.sh 'map.c'
fresh; : >"$work/tree/docs/architecture.md"
check includes.sh 'was not found'

tab=$(printf '\t')
fresh; add lib/map/map.c "int${tab}x;"
check style.sh 'lib/map/map.c:5: a tab'
fresh; add lib/map/map.c 'int x; '
check style.sh 'blanks at the end'
fresh; printf 'int x;' >>"$work/tree/lib/map/map.c"
check style.sh 'no newline at the end'
fresh; add lib/map/more.c 'int more;'
check style.sh 'SPDX-License-Identifier line is missing'
fresh; add lib/map/map.c "$(printf 'int wide; /* %130s */' x)"
check style.sh 'characters wide'
fresh; add lib/map/map.c 'static void *take(void) { return malloc(3); }'
check style.sh 'malloc() must not be called'
fresh; add lib/map/map.c 'static void say(void) { s->printf("free(x)"); say_printf(1); /* abort() */ }'
check style.sh ""
fresh; add lib/map/map.c 'static void say(void) { x = 1; exit (2); }'
check style.sh 'exit() must not be called'
fresh; add src/main.c 'int main(void) { printf("x"); }'
check style.sh ""
long_function() {
    echo 'static int long_one(int a,'
    echo '                    int b)'
    echo '{'
    i=0
    while [ $i -lt "$1" ]; do echo '    a += b;'; i=$((i + 1)); done
    echo '}'
}
fresh; long_function 96 >>"$work/tree/lib/map/map.c"
check style.sh ""
fresh; long_function 97 >>"$work/tree/lib/map/map.c"
check style.sh 'lib/map/map.c:5: a function of 101 lines'
fresh; long_function 140 >>"$work/tree/lib/kernels/gemm_blas.c"
check style.sh ""

echo "$cases cases, $failures failures"
[ "$failures" -eq 0 ]
