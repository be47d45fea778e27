#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Looks for what building (or testing) libcamx needs and installs what is missing with apt-get; without
# root it prints the one command to run and stops. When nothing is missing it does nothing at all, so no
# network is needed.
#
#   tests/install_packages.sh build    compiler, Meson, OpenBLAS, libpng, libjpeg
#   tests/install_packages.sh check    these and Check; and what single tests are skipped without, if it can be had
set -eu
purpose=${1:-build}
MESON_LEAST=0.61.0

say() { printf 'camx: %s\n' "$*"; }
have() { command -v "$1" >/dev/null 2>&1; }

# A compiler that can also make programs: gcc alone comes without the C library's headers.
compiler_works() {
    have "${CC:-cc}" && printf '#include <stdio.h>\nint main(void) { return 0; }\n' |
        "${CC:-cc}" -x c -o /dev/null - >/dev/null 2>&1
}
library() { have pkg-config && pkg-config --exists "$1"; }

missing=
need() { missing="$missing $1"; }
list_missing() {
    missing=
    compiler_works || need 'gcc libc6-dev'
    have meson || need meson
    have ninja || need ninja-build
    have pkg-config || need pkg-config
    library openblas || need libopenblas-dev
    library libpng || need libpng-dev
    library libjpeg || need libjpeg-dev
    if [ "$purpose" = check ]; then
        library check || need check
    fi
    missing=${missing# }
}

# Tests of C++, of Python and of ONNX's own cases are skipped without these: no reason to stop.
list_wanted() {
    wanted=
    have "${CXX:-c++}" || wanted="$wanted g++"
    python3 -c 'import numpy' >/dev/null 2>&1 || /usr/bin/python3 -c 'import numpy' >/dev/null 2>&1 ||
        wanted="$wanted python3-numpy"
    [ -d /usr/share/libonnx-testdata ] || wanted="$wanted libonnx-testdata"
    wanted=${wanted# }
}

check_meson() {
    found=$(meson --version)
    oldest=$(printf '%s\n%s\n' "$MESON_LEAST" "$found" | sort -V | head -n 1)
    if [ "$oldest" != "$MESON_LEAST" ]; then
        say "Meson $found is too old: $MESON_LEAST or newer is needed" >&2
        say "one way to get it: python3 -m pip install --user 'meson>=$MESON_LEAST'" >&2
        exit 1
    fi
}

case $purpose in
build | check) ;;
*)
    echo "usage: $0 build|check" >&2
    exit 2
    ;;
esac

log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y -q --no-install-recommends "$@" >"$log" 2>&1; }

# The last step of both ways: what is only wanted, one by one, because not every system has all of it.
finish() {
    check_meson
    [ "$purpose" = check ] || exit 0
    list_wanted
    for package in $wanted; do
        if have apt-get && [ "$(id -u)" -eq 0 ]; then
            say "installing $package, for tests that are skipped without it"
            install "$package" || say "$package cannot be had here: its tests are skipped"
        else
            say "tests that need $package are skipped"
        fi
    done
    exit 0
}

list_missing
[ -n "$missing" ] || finish
if ! have apt-get; then
    say "missing, by the names of Debian's packages: $missing" >&2
    say "please install them with your system's package manager and try again" >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    say "some packages are missing; please run this one command, then make again:" >&2
    if [ "$purpose" = check ]; then
        list_wanted
        for package in $wanted; do
            if apt-cache show "$package" >/dev/null 2>&1; then
                need "$package"
            fi
        done
    fi
    printf '\n    sudo apt-get update && sudo apt-get install -y --no-install-recommends %s\n\n' \
        "$missing" >&2
    exit 1
fi

say "installing what is missing: $missing"
# shellcheck disable=SC2086 # the names are meant to be split
if ! install $missing; then
    say "the lists of packages are fetched first (apt-get update)"
    # shellcheck disable=SC2086
    if ! apt-get update -q >"$log" 2>&1 || ! install $missing; then
        cat "$log" >&2
        say "apt-get could not install: $missing" >&2
        exit 1
    fi
fi
list_missing
if [ -n "$missing" ]; then
    say "installed, but still not found: $missing" >&2
    exit 1
fi
say "all that is needed is there"
finish
