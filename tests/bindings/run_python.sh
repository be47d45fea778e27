#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the Python package's tests with the first python3 that has NumPy; exit status 77 (skipped) where there is
# none. The environment names the library (CAMX_LIBRARY), the layout program and the source folder.
set -eu
root=${CAMX_SOURCE_ROOT:?}
for python in "${PYTHON:-python3}" /usr/bin/python3; do
    if "$python" -c 'import sys, numpy; sys.exit(sys.version_info < (3, 9))' >/dev/null 2>&1; then
        PYTHONPATH=$root/bindings/python:$root/tests/bindings PYTHONDONTWRITEBYTECODE=1 \
            exec "$python" -W error -m unittest discover -s "$root/tests/bindings" "$@"
    fi
done
echo "skipped: no python3 (3.9 or newer) with NumPy was found; install python3-numpy to test the Python package"
exit 77
