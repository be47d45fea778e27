#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make_layout.sh HEADER...: prints the C program that layout.awk makes of the public headers.
set -eu
here=$(dirname "$0")
stripped=$(awk -f "$here/strip.awk" -f "$here/strip_print.awk" "$@")
printf '%s\n' "$stripped" | awk -f "$here/layout.awk"
