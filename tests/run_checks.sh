#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs all tests of a build folder and says how it went.
#
#   tests/run_checks.sh build
set -eu
build=${1:-build}

say() { printf 'camx: %s\n' "$*"; }

# A folder that was configured before Check was installed has no tests yet.
if ! meson introspect --dependencies "$build" | grep -q '"name": *"check"'; then
    say "the tests were left out so far: configuring them"
    meson setup --reconfigure "$build" -Dtests=enabled >"$build/setup.txt" 2>&1 || {
        cat "$build/setup.txt"
        exit 1
    }
    ninja -C "$build"
fi
say "running the tests; each one's output is in $build/meson-logs/testlog.txt"
if meson test -C "$build" --no-rebuild --print-errorlogs; then
    say "all tests passed"
else
    say "some tests failed: see above, or $build/meson-logs/testlog.txt"
    exit 1
fi
