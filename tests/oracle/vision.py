# SPDX-License-Identifier: Apache-2.0
"""Imports torchvision's model code beside a CPU build of PyTorch.

torchvision from PyPI is built against the CUDA build of PyTorch, so its compiled operators (boxes,
region pooling) do not load beside the CPU build, and importing it stops at the first of them. No
classifier needs them. Declaring their names first, without implementations, lets the Python code
of the models import.
"""

import importlib.util
import pathlib
import re
import warnings

import torch


def _declare_missing_operators():
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        raise ImportError("torchvision is not installed; run tests/oracle/setup.sh")
    folder = pathlib.Path(spec.origin).parent
    source = "".join(path.read_text() for path in sorted(folder.glob("_*.py")))
    names = set(re.findall(r'register_\w+\(\s*"(?:torchvision::)?(\w+)"', source))
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in sorted(names):
        library.define(f"{name}(Tensor unused) -> Tensor")
    return library


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    try:
        import torchvision
    except RuntimeError:
        _library = _declare_missing_operators()
        import torchvision

from torchvision import models as models  # noqa: E402
