#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the library asks of the C library and the system is on a reviewed list: no allocator but in base/memory.c, nothing
# that prints, exits, aborts or starts programs, no streams, no locale. Read from the objects, so that macros hide nothing.
#
# undefined.sh NM STATIC_LIBRARY
set -eu
nm=$1
library=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C

# object symbol
"$nm" -A -u "$library" | sed -n 's/^[^:]*:\([^:]*\):.* U \(.*\)$/\1 \2/p' |
    sed 's/@.*//' | sort -u >"$work/all"
[ "$(wc -l <"$work/all")" -gt 300 ] && grep -q ' memcpy$' "$work/all" ||
    { echo "$nm found too little in $library" >&2; exit 1; }

# One regular expression a line, for the whole symbol.
cat >"$work/reviewed" <<'END'
camx_.*
mem(chr|cmp|cpy|move|set)|bcmp
str(chr|rchr|str|cmp|ncmp|len|nlen|cspn|spn|ncat)
strerror_r|__xpg_strerror_r
v?snprintf|__v?snprintf_chk
strtol|__isoc23_strtol
qsort
getenv
__errno_location
(a?(sin|cos|tan)h?|erfc?|expm?1?|log1?p?|pow|sqrt|fmod|floor|ceil|trunc|round|rint|nearbyint|fmax|fmin|sincos|exp2|log2|ldexp|cbrt)f?
(open|openat|pread|fstat)(64)?|__open(at)?(64)?_2|close|syscall
clock_gettime
sched_getaffinity|__sched_cpucount|sysconf
pthread_(atfork|once|create|join|sigmask|mutex_(init|destroy|lock|unlock)|cond_(init|destroy|wait|signal|broadcast))
sigfillset
madvise
cblas_[sd]gemm
openblas_get_parallel
_GLOBAL_OFFSET_TABLE_|__stack_chk_(fail|guard)|__tls_get_addr
__(mem(cpy|move|set)|strncat)_chk
__cpu_(model|indicator_init|features2)
__aarch64_(ld|cas|swp).*|__(mul|div|mod|udiv|umod|udivmod|divmod)[a-z]*[0-9]
__assert_fail
__?_(asan|ubsan|tsan|msan|lsan|sancov|sanitizer|gcov|llvm|odr_asan).*|_GLOBAL__.*
END
# One file may do more: the one that wraps the C library's allocator.
cat >"$work/exceptions" <<'END'
[^ ]*memory\.c\.o (malloc|free)
END
sed 's/^/^[^ ]* (/; s/$/)$/' "$work/reviewed" >"$work/patterns"
sed 's/^/^(/; s/$/)$/' "$work/exceptions" >>"$work/patterns"
if grep -vE -f "$work/patterns" "$work/all" >"$work/foreign"; then
    echo "not on the reviewed list of tests/api/undefined.sh (object, symbol):" >&2
    sed 's/^/    /' "$work/foreign" >&2
    exit 1
fi
# The list does look: it must not let these through.
for bad in malloc calloc realloc free printf fprintf puts exit abort system setlocale fopen stderr strcpy sprintf rand; do
    if printf 'anything.c.o %s\n' "$bad" | grep -qE -f "$work/patterns"; then
        echo "the reviewed list lets $bad through" >&2
        exit 1
    fi
done
grep -v ' camx_' "$work/all" | cut -d' ' -f2 | sort -u >"$work/foreign"
echo "$(wc -l <"$work/foreign") symbols from elsewhere, all reviewed"
