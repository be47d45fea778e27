#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the Python environment of the benchmark in build/bench-venv: the oracle's (PyTorch, ONNX Runtime,
# pytorch-grad-cam, captum), OpenVINO, and ncnn with pnnx. What cannot be installed is left out, and the benchmark
# then measures without it. CAMX_BENCH_VENV names an environment that is used as it is.
#
#   tests/bench/bench_setup.sh [build folder]
#
# About 2 GB on disk; three to ten minutes the first time.
set -eu

top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
build=${1:-$top/build}
venv=${CAMX_BENCH_VENV:-$build/bench-venv}

say() { printf 'bench setup: %s\n' "$*"; }

if [ -n "${CAMX_BENCH_VENV:-}" ]; then
    [ -x "$venv/bin/python" ] || { say "CAMX_BENCH_VENV: there is no $venv/bin/python"; exit 1; }
    exit 0
fi
if [ -e "$venv/camx-bench-complete" ]; then
    say "$venv is ready"
    exit 0
fi
pip() { "$venv/bin/python" -m pip install --disable-pip-version-check --quiet "$@"; }

missing=0
if ! "$top/tests/oracle/setup.sh" "$venv"; then
    missing=1
    say "no PyTorch: only networks that are files already can be measured"
    [ -x "$venv/bin/pip" ] || "${PYTHON:-python3}" -m venv "$venv"
    pip numpy
    pip onnxruntime || say "onnxruntime cannot be installed"
fi
for package in openvino ncnn pnnx; do
    say "installing $package"
    pip "$package" || { missing=1; say "$package cannot be installed"; }
done
[ $missing -ne 0 ] || touch "$venv/camx-bench-complete"
