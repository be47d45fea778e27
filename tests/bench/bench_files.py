# SPDX-License-Identifier: Apache-2.0
"""The files of a network in build/bench-models; makes those that are missing."""

import json
import pathlib
import subprocess
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
LITE0 = "efficientnet_lite0"  # the demo's network: a file that is there, with its real weights
LITE0_LAYERS = ("head", "blocks.10", "blocks.4", "blocks.2")
NAMES = (
    "resnet18",
    "resnet50",
    "vgg16",
    "densenet121",
    "inception_v3",
    "squeezenet1_1",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "efficientnet_b0",
    LITE0,
    "regnet_y_400mf",
    "shufflenet_v2_x1_0",
)
OCCLUDED = ("resnet50_448",)  # measured for occlusion alone, unless they are asked for
LARGER = (*OCCLUDED, "vgg16_448")  # their occlusion is sampled where every position is a whole run


class Files:
    """What bench_export.py wrote about one network."""

    def __init__(self, folder, name):
        self.name, self.model = name, folder / f"{name}.onnx"
        self.input = folder / f"{name}.input.f32"
        facts = json.loads((folder / f"{name}.json").read_text())
        self.shape, self.classes = facts["shape"], facts["classes"]
        self.values = [layer["value"] for layer in facts["layers"]]

    def open_line(self, threads):
        sizes = " ".join(map(str, self.shape[1:]))
        return f"open {threads} {self.model} {self.input} {sizes}"


def _make_lite0(folder):
    """A smooth random picture through the demo's network; its classes do not matter."""
    noise = np.random.default_rng(1122).standard_normal((3, 8, 8))
    x = np.repeat(np.repeat(noise, 28, 1), 28, 2).astype(np.float32)
    x.tofile(folder / f"{LITE0}.input.f32")
    (folder / f"{LITE0}.onnx").write_bytes((TOP / "docs" / "demo" / f"{LITE0}.onnx").read_bytes())
    layers = [{"module": "", "value": value} for value in LITE0_LAYERS]
    facts = {"name": LITE0, "shape": [1, 3, 224, 224], "classes": [281, 282, 285, 287, 904]}
    facts["layers"] = layers
    (folder / f"{LITE0}.json").write_text(json.dumps(facts, indent=1) + "\n")


def prepare(folder, names, want_ncnn):
    """Exports what is missing. Returns the Files of the networks that are there in the end."""
    folder.mkdir(parents=True, exist_ok=True)
    if LITE0 in names and not (folder / f"{LITE0}.json").exists():
        _make_lite0(folder)
    for name in names:
        missing = not (folder / f"{name}.json").exists()
        if missing or (want_ncnn and not (folder / f"{name}.ncnn.param").exists()):
            print(f"exporting {name}", flush=True)
            export = [sys.executable, str(HERE / "bench_export.py"), str(folder), name]
            if subprocess.run(export).returncode != 0:
                print(f"{name} cannot be exported (it needs torch, torchvision and onnx): left out")
    return [Files(folder, name) for name in names if (folder / f"{name}.json").exists()]
