#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exports one network with an old PyTorch (Debian's python3-torch 1.13, python3-torchvision 0.14).

Run by export.py in the system's Python, because two PyTorches do not fit in one process. Old
exporters write things that the current ones do not: Pad before AveragePool, Identity in place of
equal weights.

    /usr/bin/python3 export_legacy.py NETWORK STATE_DICT OUTPUT OPSET
"""

import sys
import warnings

import models
import tiny
import torch


def main():
    name, state, output, opset = sys.argv[1:]
    assert torch.__version__.startswith("1."), torch.__version__
    network = next(n for n in tiny.TINY + models.FULL if n.name == name)
    model = network.build().eval()
    model.load_state_dict(torch.load(state))
    for module in model.modules():
        if hasattr(module, "inplace"):
            module.inplace = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            models.network_input(network),
            output,
            opset_version=int(opset),
            input_names=["input"],
            output_names=["logits"],
        )


if __name__ == "__main__":
    main()
