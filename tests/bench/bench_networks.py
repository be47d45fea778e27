# SPDX-License-Identifier: Apache-2.0
"""The networks of the benchmark as PyTorch modules: those of the oracle, and VGG-16."""

import dataclasses
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "oracle"))

import torch  # noqa: E402

import models  # noqa: E402

VGG16 = models.Network(
    "vgg16",
    "VGG",
    models.torchvision_model("vgg16", init_weights=False),
    ("features.30", "features.23", "features.16"),
    121,
)


def find(name):
    """The Network of a name; resnet50_448 is resnet50 for an input of that size."""
    plain, _, size = name.rpartition("_")
    if plain and size.isdigit() and len(size) == 3:
        return dataclasses.replace(find(plain), name=name, size=int(size))
    return next(n for n in (*models.FULL, VGG16) if n.name == name)


def build(name, state_path):
    """The module with the exported weights. Nothing is drawn at random only to be overwritten, but for
    networks whose constructor computes their shape with tensors (RegNet's quantized widths)."""
    network = find(name)
    try:
        with torch.device("meta"):
            model = models.build(network)
    except NotImplementedError:
        model = models.build(network)
    model.load_state_dict(torch.load(state_path, weights_only=True), assign=True)
    return model.eval()
