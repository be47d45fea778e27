# SPDX-License-Identifier: Apache-2.0
"""The networks of the benchmark: torchvision's, with random weights, exported once and cached.

    bench_export.py FOLDER NAME ...

What is there already is not made again. Each network becomes, in the folder,
    NAME.onnx        what every library opens
    NAME.input.f32   the input, raw float32 [1, 3, height, width]
    NAME.pt          the weights, for the libraries that are PyTorch
    NAME.ncnn.*      what ncnn opens, converted by pnnx if that is installed
    NAME.json        the input's shape, the five best classes, and the layers: first the default
                     one, then earlier stages, each by PyTorch's module path and by ONNX's value
Speed does not depend on the weights, as long as no number becomes denormal or infinite; those of
the oracle (tests/oracle/models.py) keep every value of the order of one.
"""

import dataclasses
import json
import pathlib
import subprocess
import sys

import numpy as np
import torch

from bench_networks import find

import export  # after bench_networks, which makes it importable
import models


def stages(network):
    """Module paths of every stage, deepest first: all four of a ResNet."""
    return (*network.layers, "layer1") if network.family == "ResNet" else network.layers


def _layers(network, model, x, path):
    values = export.run_all_values(path, x)
    paths = stages(network)
    wider = dataclasses.replace(network, layers=paths, cam="")
    names = export.module_values(wider, model, x, values)
    return [{"module": p, "value": names[p]} for p in paths]


def _write(folder, name, x, logits, layers):
    x.numpy().astype(np.float32).tofile(folder / f"{name}.input.f32")
    best = np.argsort(-logits.ravel())[:5]
    content = {
        "name": name,
        "shape": list(x.shape),
        "classes": [int(index) for index in best],
        "layers": layers,
    }
    (folder / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")


def make(folder, name):
    """Exports one torchvision network."""
    network = find(name)
    model = models.prepare(network)
    x = models.network_input(network)
    path = folder / f"{name}.onnx"
    export.export(model, x, path, "torchscript")
    torch.save(model.state_dict(), folder / f"{name}.pt")
    with torch.no_grad():
        logits = model(x).numpy()
    _write(folder, name, x, logits, _layers(network, model, x, path))


def convert(model):
    """pnnx writes a dozen files beside the model; ncnn needs two of them."""
    try:
        import pnnx
    except ImportError:
        return
    shape = json.loads(model.with_suffix(".json").read_text())["shape"]
    form = "inputshape=[" + ",".join(map(str, shape)) + "]f32"
    command = [pnnx.EXEC_PATH, str(model), form, "fp16=0"]
    made = subprocess.run(command, capture_output=True, cwd=model.parent)
    if made.returncode != 0 or not model.with_suffix(".ncnn.param").exists():
        print(f"{model.stem}: pnnx cannot convert it", file=sys.stderr)
    for end in (".pnnx.bin", ".pnnx.onnx", ".pnnx.param", ".pnnxsim.onnx"):
        model.with_suffix(end).unlink(missing_ok=True)
    for end in ("_ncnn.py", "_pnnx.py"):
        model.with_name(model.stem + end).unlink(missing_ok=True)


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:]:
        if not (folder / f"{name}.json").exists():
            make(folder, name)
        if not (folder / f"{name}.ncnn.param").exists():
            convert(folder / f"{name}.onnx")


if __name__ == "__main__":
    main()
