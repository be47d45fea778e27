#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds and runs the programs of a README as they stand there, against the build tree. Which blocks are run and how is
# said in blocks.awk. They run one after the other in one empty folder, in which docs/ is the tree's docs/, net.onnx is the
# demo's network and cat.png its cat, so that both a reader's names and the demo's paths work.
#
# run_readme.sh SOURCE_ROOT BUILD_ROOT CC CXX README LANGUAGE...
#     every LANGUAGE given must occur; a compiler may be several words, and "-" for none
set -eu
root=$1
build=$2
cc=$3
cxx=$4
readme=$5
shift 5
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/blocks" "$work/here" "$work/include/camx"
ln -s "$root"/include/camx/*.h "$root"/bindings/cpp/*.hpp "$work/include/camx/" # as installed

awk -v folder="$work/blocks" -f "$here/blocks.awk" "$readme" >"$work/list"
for language in "$@"; do
    grep -q "^[0-9]* $language\( \|\$\)" "$work/list" || {
        echo "$readme has no block marked <!-- test: $language -->" >&2
        exit 1
    }
done

cd "$work/here"
ln -s "$root/docs" docs
ln -s "$root/docs/demo/efficientnet_lite0.onnx" net.onnx
ln -s "$root/docs/demo/cat.png" cat.png
LD_LIBRARY_PATH=$build/lib:$build/lib/image${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
PATH=$build/src:$PATH
PKG_CONFIG_PATH=$build/meson-uninstalled:$build/pkgconfig
PYTHONPATH=$root/bindings/python
PYTHONDONTWRITEBYTECODE=1
CAMX_LIBRARY=$build/lib/libcamx.so
export LD_LIBRARY_PATH PATH PKG_CONFIG_PATH PYTHONPATH PYTHONDONTWRITEBYTECODE CAMX_LIBRARY
libraries="-L$build/lib -lcamx"
[ ! -e "$build/lib/image/libcamx-image.so" ] || libraries="$libraries -L$build/lib/image -lcamx-image"

find_python() {
    for python in "${PYTHON:-python3}" /usr/bin/python3; do
        if "$python" -c 'import sys, numpy; sys.exit(sys.version_info < (3, 9))' >/dev/null 2>&1; then
            echo "$python"
            return
        fi
    done
}

run() { # code, language, then the program's arguments
    code=$1
    language=$2
    shift 2
    case $language in
    c)
        cp "$code" "$work/program.c"
        # shellcheck disable=SC2086 # compilers and libraries are several words
        $cc -std=c11 -Wall -Wextra -Werror -I"$work/include" "$work/program.c" -o "$work/program" \
            $libraries -lm && "$work/program" "$@"
        ;;
    cpp)
        [ "$cxx" != - ] || { echo "    skipped: no C++ compiler"; return 77; }
        cp "$code" "$work/program.cpp"
        # shellcheck disable=SC2086
        $cxx -std=c++17 -Wall -Wextra -Werror -I"$work/include" "$work/program.cpp" -o "$work/program" \
            $libraries && "$work/program" "$@"
        ;;
    python)
        python=$(find_python)
        [ -n "$python" ] || { echo "    skipped: no python3 with NumPy"; return 77; }
        "$python" -W error "$code" "$@"
        ;;
    sh) sh -eu "$code" "$@" ;;
    *) echo "$readme: a block cannot be tested as \"$language\"" >&2; return 1 ;;
    esac
}

failures=0
while read -r number language words; do
    arguments=${words%%makes *}
    case $words in *makes\ *) made=${words#*makes } ;; *) made= ;; esac
    echo "block $number: $language $words"
    status=0
    # shellcheck disable=SC2086 # words are words
    run "$work/blocks/$number.code" "$language" $arguments >"$work/log" 2>&1 </dev/null || status=$?
    sed 's/^/    /' "$work/log"
    [ "$status" -ne 77 ] || continue
    for file in $made; do
        [ -s "$file" ] || { echo "    it did not make $file"; status=1; }
    done
    [ "$status" -eq 0 ] || { echo "    failed with status $status"; failures=$((failures + 1)); }
done <"$work/list"
echo "$(wc -l <"$work/list") blocks, $failures failures"
[ "$failures" -eq 0 ]
