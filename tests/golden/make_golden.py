#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes (or checks) the committed reference files in tests/golden/data; README.md there is their
format.

    tests/oracle/setup.sh
    build/oracle-venv/bin/python tests/golden/make_golden.py            make all
    build/oracle-venv/bin/python tests/golden/make_golden.py --check    run all in ONNX Runtime

Tiny members of every family (tests/oracle/tiny.py) are exported by both of PyTorch's exporters.
Beside each NAME.onnx a NAME.ref holds the input, ONNX Runtime's values of every float value of the
graph (a sample of each), and PyTorch's logits, Grad-CAM, Grad-CAM++, CAM and occlusion maps in
float64.
"""

import argparse
import math
import pathlib
import struct
import sys
from dataclasses import dataclass

import numpy as np
import onnx

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE / "data"
sys.path.insert(0, str(HERE.parent / "oracle"))

import export  # noqa: E402
import models  # noqa: E402
import reference  # noqa: E402
import torch  # noqa: E402
from rewrite import REWRITES  # noqa: E402
from tiny import TINY  # noqa: E402

MAGIC = b"CAMXREF1"
INPUT, VALUE, LOGITS, GRADCAM, GRADCAMPP, CAM, OCCLUSION = range(1, 8)
KIND = {"gradcam": GRADCAM, "gradcampp": GRADCAMPP}
DEFAULT_LAYER, DEGENERATE = 1, 2  # flags
FLOAT32, INT8 = 0, 1  # element types
SAMPLES, STEP = 32, 7919  # of a VALUE: element (i * STEP) mod n for i < SAMPLES
INPUT_SCALE = 32.0
HEADER = struct.Struct("<5I6II3f5I")


@dataclass(frozen=True)
class Variant:
    """One exported file of a network."""

    network: str
    exporter: str
    opset: int
    dynamic_batch: bool = False
    external_data: bool = False
    rewrite: str = ""  # a function of tests/oracle/rewrite.py

    @property
    def name(self):
        extra = ("_batch" if self.dynamic_batch else "") + (
            "_external" if self.external_data else ""
        )
        kind = {"torchscript": "ts", "dynamo": "dynamo", "legacy": "torch1_ts"}[self.exporter]
        return f"{self.network}_{kind}{self.opset}{extra}" + (
            f"_{self.rewrite}" if self.rewrite else ""
        )


EXTERNAL = {"resnet50", "densenet", "mobilenet_v2"}
VARIANTS = [Variant(n.name, "torchscript", 13) for n in TINY]
# The current exporter writes these with the same operators as others, or they are listed below.
LIKE_OTHERS = {"vgg_bn", "resnext", "wide_resnet", "efficientnet_v2", "shufflenet", "regnet_y"}
VARIANTS += [
    Variant(n.name, "dynamo", 18, external_data=n.name in EXTERNAL)
    for n in TINY
    if n.name not in LIKE_OTHERS
]
VARIANTS += [
    Variant("squeezenet", "torchscript", 7),  # the oldest opset PyTorch can still write
    Variant("mobilenet_v2", "torchscript", 9),  # Clip with attributes
    Variant("shufflenet", "torchscript", 11, dynamic_batch=True),  # Shape, Gather, Concat chains
    Variant("shufflenet", "dynamo", 20, dynamic_batch=True),
    Variant("regnet_y", "dynamo", 23),
    Variant("inception_v3", "legacy", 13),  # Pad before AveragePool
    Variant("mobilenet_v2", "torchscript", 11, rewrite="constants"),
    Variant("resnet18", "torchscript", 13, rewrite="softmax"),
    Variant("regnet_x", "torchscript", 13, rewrite="channels_last"),
    Variant("vgg", "torchscript", 13, rewrite="same_pads"),
    Variant("squeezenet", "torchscript", 13, rewrite="half"),
    Variant("resnet50", "torchscript", 13, rewrite="dense_as_conv"),
    Variant("efficientnet_v2", "torchscript", 13, rewrite="mean_pool"),
]


def record(kind, name, dims, data, flags=0, scale=0.0, error=0.0, raw_error=0.0, params=()):
    """One record: header, name with at least one NUL padded to four bytes, data padded to four."""
    data = np.ascontiguousarray(data)
    dtype = INT8 if data.dtype == np.int8 else FLOAT32
    payload = data.tobytes() if dtype == INT8 else data.astype("<f4").tobytes()
    text = name.encode()
    text += b"\0" * (4 - len(text) % 4)
    dims = tuple(dims)
    header = HEADER.pack(
        kind,
        flags,
        dtype,
        len(text),
        len(dims),
        *dims,
        *(0,) * (6 - len(dims)),
        data.size,
        scale,
        error,
        raw_error,
        *params,
        *(0,) * (5 - len(params)),
    )
    return header + text + payload + b"\0" * (-len(payload) % 4)


def sample(values):
    """The elements of a value that are stored: all of few, a scattered selection of many."""
    flat = values.reshape(-1)
    if flat.size <= SAMPLES:
        return flat
    assert math.gcd(flat.size, STEP) == 1
    return flat[(np.arange(SAMPLES, dtype=np.int64) * STEP) % flat.size]


def map_record(kind, name, raw, flags, f32, f64, params):
    """A record of a map whose float32 and float64 values are given; `raw` is what is stored."""
    error = reference.normalised_error(f32, f64) if kind in (GRADCAM, GRADCAMPP) else None
    raw_error = reference.relative_error(f32, f64)
    error = raw_error if error is None else error
    scale = np.abs(raw).max()
    return record(kind, name, raw.shape, raw, flags, scale, error, raw_error, params)


def map_records(network, names, f64, f32):
    records = []
    for (method, path), raw in f64.maps.items():
        flags = DEFAULT_LAYER if path == network.layers[0] else 0
        if reference.is_degenerate(raw):
            flags |= DEGENERATE
        other = f32.maps[method, path]
        records.append(map_record(KIND[method], names[path], raw, flags, other, raw, (f64.target,)))
    if f64.cam is not None:
        path = network.layers[0] if network.cam == "dense" else network.head
        records.append(map_record(CAM, names[path], f64.cam, 0, f32.cam, f64.cam, (f64.target,)))
    patch, stride = network.occlusion
    step = math.gcd(patch, stride)
    coarse = f64.occlusion[::step, ::step]
    full = np.kron(coarse, np.ones((step, step)))[: network.size, : network.size]
    assert np.array_equal(f64.occlusion, full)
    params = (f64.target, patch, stride, step)
    records.append(map_record(OCCLUSION, "input", coarse, 0, f32.occlusion, f64.occlusion, params))
    return records


def tidy(path, rewrite):
    """Removes the exporter's notes (source lines of PyTorch), which are most of a tiny file, and
    rewrites the graph if asked to."""
    model = onnx.load(str(path), load_external_data=False)
    if rewrite:
        REWRITES[rewrite](model)
        del model.graph.value_info[:]
    del model.metadata_props[:]
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for thing in (
        *model.graph.value_info,
        *model.graph.input,
        *model.graph.output,
        *model.graph.initializer,
    ):
        del thing.metadata_props[:]
        thing.doc_string = ""
    del model.graph.metadata_props[:]
    onnx.save(model, str(path))
    onnx.checker.check_model(str(path))


class References:
    """The PyTorch side of a network, computed once for all its variants."""

    def __init__(self, network, rounded=False):
        self.network = network
        self.model = models.prepare(network)
        if rounded:
            self.model = self.model.half().float()
        self.x = models.network_input(network)
        self.f64, self.f32 = reference.compute(self.model, network, self.x)


def make_variant(variant, references):
    network, x = references.network, references.x
    f64, f32 = references.f64, references.f32
    path = DATA / f"{variant.name}.onnx"
    if variant.exporter == "legacy":
        export.export_legacy(references.model, network, path, variant.opset)
    else:
        export.export(
            references.model,
            x,
            path,
            variant.exporter,
            variant.opset,
            variant.dynamic_batch,
            variant.external_data,
        )
    tidy(path, variant.rewrite)
    fed = x.permute(0, 2, 3, 1) if variant.rewrite == "channels_last" else x
    values = export.run_all_values(path, fed)
    names = export.module_values(network, references.model, x, values)
    quantised = (fed * INPUT_SCALE).numpy()
    assert np.array_equal(quantised, quantised.astype(np.int8))
    records = [record(INPUT, "input", fed.shape, quantised.astype(np.int8), 0, 1.0 / INPUT_SCALE)]
    for name, value in values.items():
        records.append(record(VALUE, name, value.shape, sample(value), 0, np.abs(value).max()))
    error = reference.relative_error(f32.logits, f64.logits)
    scale, shape = np.abs(f64.logits).max(), (1, f64.logits.size)
    records.append(record(LOGITS, "logits", shape, f64.logits, 0, scale, error, 0.0, (f64.target,)))
    records += map_records(network, names, f64, f32)
    reference_path = path.with_suffix(".ref")
    reference_path.write_bytes(MAGIC + struct.pack("<I", len(records)) + b"".join(records))
    size = sum(p.stat().st_size for p in DATA.glob(variant.name + ".*"))
    print(f"{variant.name}: {len(values)} values, {size / 1000:.0f} KB", flush=True)


def read_records(path):
    """The records of a file, as the C reader sees them (also a check of the format)."""
    content = path.read_bytes()
    assert content[:8] == MAGIC
    (count,) = struct.unpack_from("<I", content, 8)
    offset, records = 12, []
    for _ in range(count):
        fields = HEADER.unpack_from(content, offset)
        kind, flags, dtype, name_bytes, rank = fields[:5]
        dims, stored, scale = fields[5 : 5 + rank], fields[11], fields[12]
        offset += HEADER.size
        name = content[offset : offset + name_bytes].rstrip(b"\0").decode()
        offset += name_bytes
        data = np.frombuffer(content, "<i1" if dtype == INT8 else "<f4", stored, offset)
        offset += -(-stored * (1 if dtype == INT8 else 4) // 4) * 4
        records.append((kind, flags, name, dims, scale, data, fields[13:15], fields[15:]))
    assert offset == len(content)
    return records


def check_variant(path):
    """Runs a committed file in ONNX Runtime and compares every stored value and the logits."""
    records = read_records(path.with_suffix(".ref"))
    _kind, _flags, _name, dims, scale, data, _errors, _params = records[0]
    x = torch.from_numpy(data.reshape(dims).astype(np.float32) * scale)
    values = export.run_all_values(path, x)
    worst = 0.0
    for kind, _flags, name, dims, scale, data, _errors, _params in records:
        if kind in (VALUE, LOGITS):
            got = sample(values[name]) if kind == VALUE else values[name].reshape(-1)
            assert values[name].shape == tuple(dims), name
            worst = max(worst, float(np.abs(got - data).max() / max(scale, 1e-30)))
    print(f"{path.stem}: largest difference {worst:.1e}")
    return worst < 1e-4


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="run the committed files in ONNX Runtime"
    )
    parser.add_argument("names", nargs="*", help="only these networks")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.check:
        sys.exit(0 if all([check_variant(path) for path in sorted(DATA.glob("*.onnx"))]) else 1)
    DATA.mkdir(exist_ok=True)
    legacy = export.legacy_is_available()
    for network in TINY:
        if arguments.names and network.name not in arguments.names:
            continue
        references = References(network)
        for variant in VARIANTS:
            if variant.network != network.name:
                continue
            if variant.exporter == "legacy" and not legacy:
                print(f"{variant.name}: left as it is, {export.LEGACY_PYTHON} has no PyTorch 1.x")
            elif variant.rewrite == "half":
                make_variant(variant, References(network, rounded=True))
            else:
                make_variant(variant, references)
    names = sorted(path.stem for path in DATA.glob("*.ref"))
    (DATA / "list.txt").write_text("".join(name + "\n" for name in names))
    total = sum(path.stat().st_size for path in DATA.iterdir())
    print(f"{len(names)} files of reference values, {total / 1e6:.2f} MB in all")


if __name__ == "__main__":
    main()
