# SPDX-License-Identifier: Apache-2.0
"""Writes networks as ONNX files with both of PyTorch's exporters and finds layers in them.

"torchscript" is the older exporter (torch.jit tracing), "dynamo" the one that is the default since
PyTorch 2.9 (torch.export; opset 18, weights in a second file). Neither keeps the names of
PyTorch's modules as names of values, so a module's value is found by what it computes: ONNX
Runtime runs the file with every value as an output, and the first value that has the shape and the
numbers of the module's output is the one.

"legacy" is the TorchScript exporter of PyTorch 1.13, run in the system's Python where Debian's
packages are.
"""

import contextlib
import io
import logging
import os
import pathlib
import subprocess
import tempfile
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from models import module_at

EXPORTERS = ("torchscript", "dynamo")
DEFAULT_OPSET = {"torchscript": 13, "dynamo": 18, "legacy": 13}
LEGACY_PYTHON = os.environ.get("CAMX_LEGACY_PYTHON", "/usr/bin/python3")


def export(model, x, path, exporter, opset=None, dynamic_batch=False, external_data=True):
    """Exports a float32 module; input `input`, output `logits`."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in (path, path.with_name(path.name + ".data")):
        old.unlink(missing_ok=True)
    arguments = {
        "opset_version": opset or DEFAULT_OPSET[exporter],
        "input_names": ["input"],
        "output_names": ["logits"],
    }
    if exporter == "dynamo":
        arguments |= {"dynamo": True, "external_data": external_data, "verbose": False}
        if dynamic_batch:
            arguments["dynamic_shapes"] = ({0: torch.export.Dim("N", min=1, max=64)},)
            x = torch.cat([x, x])
    else:
        arguments["dynamo"] = False
        if dynamic_batch:
            arguments["dynamic_axes"] = {"input": {0: "N"}, "logits": {0: "N"}}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        torch.onnx.export(model.float().eval(), (x.float(),), str(path), **arguments)
    onnx.checker.check_model(str(path))
    return path


def legacy_is_available():
    """Whether the system's Python has a PyTorch 1.x with torchvision."""
    code = "import torch, torchvision; assert torch.__version__.startswith('1.')"
    try:
        return subprocess.run([LEGACY_PYTHON, "-c", code], capture_output=True).returncode == 0
    except OSError:
        return False


def export_legacy(model, network, path, opset=None):
    """Exports a network of models.py or tiny.py with the weights of `model`."""
    with tempfile.NamedTemporaryFile(suffix=".pth") as state:
        torch.save(model.float().state_dict(), state.name)
        helper = pathlib.Path(__file__).with_name("export_legacy.py")
        opset = str(opset or DEFAULT_OPSET["legacy"])
        command = [LEGACY_PYTHON, str(helper), network.name, state.name, str(path), opset]
        # The system's Python must not find the packages of this one.
        environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
        subprocess.run(command, check=True, capture_output=True, env=environment)
    onnx.checker.check_model(str(path))
    return path


def constant_values(graph):
    """Names of values that do not depend on the network's input."""
    constant = {initializer.name for initializer in graph.initializer} | {""}
    for node in graph.node:
        if all(name in constant for name in node.input):
            constant.update(node.output)
    return constant


def run_all_values(path, x):
    """Every float value that depends on the input, in the order of the file, by ONNX Runtime."""
    model = onnx.load(str(path))
    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
    kinds = {info.name: info.type.tensor_type.elem_type for info in inferred.graph.value_info}
    constant = constant_values(model.graph)
    outputs = {output.name for output in model.graph.output}
    wanted = []
    for node in model.graph.node:
        for name in node.output:
            # Values whose type is not known are left out: they are shapes, not features.
            if name in outputs:
                wanted.append(name)
            elif name and name not in constant and kinds.get(name) == onnx.TensorProto.FLOAT:
                wanted.append(name)
                model.graph.output.append(
                    onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
                )
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    input_name = session.get_inputs()[0].name
    values = session.run(wanted, {input_name: x.numpy().astype(np.float32)})
    return dict(zip(wanted, values))


def find_value(values, activation, path):
    """The name of the first value that equals a module's output [C,H,W]."""
    scale = np.abs(activation).max()
    best = (np.inf, "")
    for name, value in values.items():
        if value.shape[1:] != activation.shape:
            continue
        error = np.abs(value[0] - activation).max() / scale
        if error <= 1e-4:
            return name
        best = min(best, (error, name))
    raise LookupError(
        f"no ONNX value equals the module {path}; the nearest is {best[1]} ({best[0]:.1e})"
    )


def module_values(network, model, x, values):
    """Module path -> name of the ONNX value, for every module that a map is made at."""
    seen, handles = {}, []
    paths = list(network.layers) + ([network.head] if network.cam == "conv" else [])
    for path in paths:

        def remember(_module, _inputs, output, path=path):
            seen[path] = output.detach().numpy()[0]

        handles.append(module_at(model, path).register_forward_hook(remember))
    with torch.no_grad():
        model.float()(x.float())
    for handle in handles:
        handle.remove()
    return {path: find_value(values, seen[path], path) for path in paths}
