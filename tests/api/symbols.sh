#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a shared library exports, what its version script lists, and what its headers declare with CAMX_API are
# the same functions, no more and no less; and the static library defines no global name outside our own
# prefixes, so that it can be linked into any program.
#
# symbols.sh NM SHARED_LIBRARY STATIC_LIBRARY VERSION_SCRIPT HEADER...
set -eu
nm=$1
shared=$2
static=$3
script=$4
shift 4
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C
failures=0

declared() { # the function names of all CAMX_API prototypes; behind a macro they stand in parentheses
    awk -f "$here/strip.awk" -f "$here/strip_print.awk" "$@" |
        awk '/^[ \t]*#/ || more { more = /\\$/; next } 1' | tr '\n' ' ' | tr ';' '\n' |
        sed -n 's/.*CAMX_API[^(]*[ *](\{0,1\}\([a-z_0-9]*\))\{0,1\}(.*/\1/p' | sort
}

listed() { # the names between global: and local:
    sed 's|/\*.*\*/||; s|#.*||' "$1" |
        awk '/global:/ { on = 1; sub(/.*global:/, "") } /local:/ { on = 0 } on' |
        tr -s ' \t;' '\n' | grep -v '^$' | sort
}

exported() { # defined dynamic symbols, without the version nodes themselves (type A)
    "$nm" -D --defined-only "$1" | awk '$(NF - 1) != "A" { sub(/@.*/, "", $NF); print $NF }' | sort
}

same() { # file, what it is, file, what that is
    if ! cmp -s "$1" "$3"; then
        echo "$(basename "$shared"): only in $2:" >&2
        comm -23 "$1" "$3" | sed 's/^/    /' >&2
        echo "$(basename "$shared"): only in $4:" >&2
        comm -13 "$1" "$3" | sed 's/^/    /' >&2
        failures=$((failures + 1))
    fi
}

declared "$@" >"$work/declared"
listed "$script" >"$work/listed"
exported "$shared" >"$work/exported"
count=$(wc -l <"$work/declared")
[ "$count" -gt 0 ] || { echo "no CAMX_API prototype was found in $*" >&2; exit 1; }
if grep '[*?]' "$work/listed"; then
    echo "$script: every exported name must be written out" >&2
    failures=$((failures + 1))
fi
same "$work/listed" "the version script" "$work/declared" "the headers"
same "$work/exported" "the library" "$work/listed" "the version script"

"$nm" -g --defined-only "$static" | awk 'NF == 3 { print $3 }' | sort -u >"$work/global"
if grep -vE '^(camx_|cam_compute$|gradcam_compute$|gradcampp_compute$|occlusion_map$|__odr_asan|_*asan|_*ubsan)' \
    "$work/global" >"$work/foreign"; then
    echo "$(basename "$static"): global names that could clash with a program's own:" >&2
    sed 's/^/    /' "$work/foreign" >&2
    failures=$((failures + 1))
fi
echo "$(basename "$shared"): $count functions, $failures failures"
[ "$failures" -eq 0 ]
