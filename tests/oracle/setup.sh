#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the Python environment of the oracle (PyTorch, torchvision, ONNX Runtime, pytorch-grad-cam,
# captum) outside of the system's packages. Running it again is cheap: it stops when all is there.
#
#   tests/oracle/setup.sh [folder]      default: $CAMX_ORACLE_VENV, else build/oracle-venv
#
# About 1.5 GB on disk; two to ten minutes the first time.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
top=$(CDPATH='' cd -- "$here/../.." && pwd)
venv=${1:-${CAMX_ORACLE_VENV:-$top/build/oracle-venv}}
python=${PYTHON:-python3}

TORCH=2.13.0
TORCHVISION=0.28.0
GRAD_CAM=1.5.7
CAPTUM=0.9.0

ready() {
    [ -x "$venv/bin/python" ] && (cd "$here" && "$venv/bin/python" -c "
import vision, onnx, onnxruntime, onnxscript, pytorch_grad_cam, captum.attr, torch
assert torch.__version__.startswith('$TORCH'), torch.__version__") >/dev/null 2>&1
}

say() { printf 'oracle setup: %s\n' "$*"; }

if ready; then
    say "$venv is ready"
    exit 0
fi

if [ ! -x "$venv/bin/pip" ]; then
    say "creating a virtual environment in $venv"
    if ! "$python" -m venv "$venv"; then
        say "python3 cannot make virtual environments here; on Debian or Ubuntu: apt-get install python3-venv"
        exit 1
    fi
fi
pip() { "$venv/bin/python" -m pip install --disable-pip-version-check --quiet "$@"; }

say "installing torch $TORCH (CPU build)"
pip "torch==$TORCH+cpu" 2>/dev/null ||
    pip "torch==$TORCH" --index-url https://download.pytorch.org/whl/cpu 2>/dev/null ||
    pip "torch==$TORCH"
say "installing $(grep -v '^#' "$here/requirements.txt" | tr '\n' ' ')"
pip -r "$here/requirements.txt"
say "installing torchvision $TORCHVISION, grad-cam $GRAD_CAM, captum $CAPTUM without dependencies"
pip --no-deps "torchvision==$TORCHVISION" "grad-cam==$GRAD_CAM" "captum==$CAPTUM"

if ! ready; then
    say "something is still missing; this is what Python says:"
    cd "$here" && "$venv/bin/python" -c "import vision, onnx, onnxruntime, onnxscript, pytorch_grad_cam, captum.attr"
    exit 1
fi
say "$venv is ready"
