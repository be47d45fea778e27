#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints the package version ("package") or the ABI version ("abi") as include/camx/version.h has them.
set -eu
header=$(dirname "$0")/../include/camx/version.h
number() { sed -n "s/^#define CAMX_$1 \([0-9][0-9]*\)\$/\1/p" "$header"; }
case ${1:-package} in
package) echo "$(number VERSION_MAJOR).$(number VERSION_MINOR).$(number VERSION_PATCH)" ;;
abi) number ABI_VERSION ;;
*) echo "usage: $0 package|abi" >&2; exit 2 ;;
esac
