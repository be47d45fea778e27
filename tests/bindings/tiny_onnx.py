# SPDX-License-Identifier: Apache-2.0
"""Writes a tiny classifier as ONNX bytes with nothing but NumPy, and computes what it must answer.

image [N,3,H,W] -> conv1 3x3 pad 1 (4) -> relu1 -> conv2 3x3 stride 2 pad 1 (6) -> features (Relu)
                -> pooled (GlobalAveragePool) -> flat -> logits (Gemm, 5 classes)

python3 tiny_onnx.py tiny.onnx      writes the committed file
"""

from __future__ import annotations

import sys

import numpy as np

LABELS = ["ant", "bee", "cat, house cat", "dog", "eel"]
METADATA = {
    "camx.labels": "\n".join(LABELS),
    "camx.mean": "100 110 120",
    "camx.std": "50 60 70",
    "camx.resize": "8",
    "camx.crop": "8",
}


def weights() -> dict[str, np.ndarray]:
    """The same numbers everywhere: a linear congruential generator, not a library's random
    numbers."""
    state = 12345
    result = {}
    for name, shape in (
        ("conv1.weight", (4, 3, 3, 3)),
        ("conv1.bias", (4,)),
        ("conv2.weight", (6, 4, 3, 3)),
        ("conv2.bias", (6,)),
        ("fc.weight", (5, 6)),
        ("fc.bias", (5,)),
    ):
        numbers = []
        for _ in range(int(np.prod(shape))):
            state = (state * 1103515245 + 12345) % 2**31
            numbers.append(state / 2**30 - 1.0)
        scale = 2.0 if name.startswith("fc") else 0.5
        result[name] = (np.array(numbers) * scale).astype(np.float32).reshape(shape)
    return result


# The protocol buffer wire format: a field is its number and kind, then a varint or a length and
# bytes.


def _varint(value: int) -> bytes:
    value %= 1 << 64
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _int(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _tensor(name: str, array: np.ndarray) -> bytes:
    dims = b"".join(_int(1, side) for side in array.shape)
    return dims + _int(2, 1) + _bytes(8, name) + _bytes(9, array.astype("<f4").tobytes())


def _value(name: str, shape: list[int | str]) -> bytes:
    dims = b"".join(
        _bytes(1, _int(1, side) if isinstance(side, int) else _bytes(2, side)) for side in shape
    )
    tensor = _int(1, 1) + _bytes(2, dims)
    return _bytes(1, name) + _bytes(2, _bytes(1, tensor))


def _node(op: str, inputs: list[str], output: str, **attributes: list[int] | int) -> bytes:
    body = b"".join(_bytes(1, name) for name in inputs) + _bytes(2, output)
    body += _bytes(3, f"node_{output}") + _bytes(4, op)
    for name, value in attributes.items():
        if isinstance(value, int):
            attribute = _bytes(1, name) + _int(3, value) + _int(20, 2)
        else:
            numbers = b"".join(_int(8, number) for number in value)
            attribute = _bytes(1, name) + numbers + _int(20, 7)
        body += _bytes(5, attribute)
    return body


def model_bytes() -> bytes:
    """The ONNX file."""
    conv = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    nodes = [
        _node("Conv", ["image", "conv1.weight", "conv1.bias"], "conv1", strides=[1, 1], **conv),
        _node("Relu", ["conv1"], "relu1"),
        _node("Conv", ["relu1", "conv2.weight", "conv2.bias"], "conv2", strides=[2, 2], **conv),
        _node("Relu", ["conv2"], "features"),
        _node("GlobalAveragePool", ["features"], "pooled"),
        _node("Flatten", ["pooled"], "flat", axis=1),
        _node("Gemm", ["flat", "fc.weight", "fc.bias"], "logits", transB=1),
    ]
    graph = b"".join(_bytes(1, node) for node in nodes) + _bytes(2, "tiny")
    graph += b"".join(_bytes(5, _tensor(name, array)) for name, array in weights().items())
    graph += _bytes(11, _value("image", ["N", 3, "H", "W"]))
    graph += _bytes(12, _value("logits", ["N", 5]))
    model = _int(1, 7) + _bytes(2, "tiny_onnx") + _bytes(7, graph) + _bytes(8, _int(2, 13))
    for key, text in METADATA.items():
        model += _bytes(14, _bytes(1, key) + _bytes(2, text))
    return model


# The answers, in float64.


def _conv(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int) -> np.ndarray:
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    return np.einsum("nchwij,ocij->nohw", windows, weight) + bias[None, :, None, None]


def forward(x: np.ndarray) -> dict[str, np.ndarray]:
    """Every value of the network for an input [N,3,H,W]."""
    w = {name: array.astype(np.float64) for name, array in weights().items()}
    conv1 = _conv(x.astype(np.float64), w["conv1.weight"], w["conv1.bias"], 1)
    relu1 = np.maximum(conv1, 0)
    conv2 = _conv(relu1, w["conv2.weight"], w["conv2.bias"], 2)
    features = np.maximum(conv2, 0)
    pooled = features.mean(axis=(2, 3), keepdims=True)
    logits = pooled[:, :, 0, 0] @ w["fc.weight"].T + w["fc.bias"]
    return {"relu1": relu1, "features": features, "pooled": pooled, "logits": logits}


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def gradcam(x: np.ndarray, classes: list[int]) -> np.ndarray:
    """Grad-CAM at `features`: the gradient of a logit there is weight / positions everywhere."""
    features = forward(x)["features"]
    alpha = weights()["fc.weight"].astype(np.float64)[classes] / features[0, 0].size
    return np.einsum("nk,nkhw->nhw", alpha, features)


if __name__ == "__main__":
    with open(sys.argv[1], "wb") as file:
        print(f"{sys.argv[1]}: {file.write(model_bytes())} bytes")
