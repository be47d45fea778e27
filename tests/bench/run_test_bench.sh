#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the tests of the benchmark's driver with the first python3 that has NumPy; exit status 77 (skipped) where there is
# none. CAMX_SOURCE_ROOT and CAMX_BUILD_ROOT name the folders.
set -eu
for python in "${PYTHON:-python3}" /usr/bin/python3; do
    if "$python" -c 'import sys, numpy; sys.exit(sys.version_info < (3, 9))' >/dev/null 2>&1; then
        PYTHONDONTWRITEBYTECODE=1 exec "$python" "${CAMX_SOURCE_ROOT:?}/tests/bench/test_bench_driver.py"
    fi
done
echo "skipped: no python3 (3.9 or newer) with NumPy was found"
exit 77
