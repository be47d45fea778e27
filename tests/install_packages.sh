#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Looks for what building (or testing) libcamx needs and installs what is missing with apt-get; without
# root it prints the one command to run and stops. When nothing is missing it does nothing at all, so no
# network is needed.
#
#   tests/install_packages.sh build    compiler, Meson, OpenBLAS, libpng, libjpeg
#   tests/install_packages.sh check    these and Check
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

list_missing
if [ -z "$missing" ]; then
    check_meson
    exit 0
fi
if ! have apt-get; then
    say "missing, by the names of Debian's packages: $missing" >&2
    say "please install them with your system's package manager and try again" >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    say "some packages are missing; please run this one command, then make again:" >&2
    printf '\n    sudo apt-get update && sudo apt-get install -y --no-install-recommends %s\n\n' "$missing" >&2
    exit 1
fi

say "installing what is missing: $missing"
export DEBIAN_FRONTEND=noninteractive
install() {
    # shellcheck disable=SC2086 # the names are meant to be split
    apt-get install -y -q --no-install-recommends $missing >"$log" 2>&1
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! install; then
    say "the lists of packages are fetched first (apt-get update)"
    if ! apt-get update -q >"$log" 2>&1 || ! install; then
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
check_meson
say "all packages are there"
