# SPDX-License-Identifier: Apache-2.0
"""Rewrites an exported graph the way other tools write the same network.

Each function takes a ModelProto and changes it; what the network computes stays the same.
"""

import numpy as np
from onnx import TensorProto, helper, numpy_helper


def constants(model):
    """All weights in Constant nodes and no initialisers (PaddlePaddle)."""
    graph = model.graph
    nodes = [
        helper.make_node("Constant", [], [tensor.name], value=tensor)
        for tensor in graph.initializer
    ]
    nodes += graph.node
    del graph.initializer[:], graph.node[:]
    graph.node.extend(nodes)


def softmax(model):
    """The network ends in Softmax; its output is `probabilities`."""
    graph = model.graph
    graph.node.append(helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1))
    graph.output[0].name = "probabilities"


def channels_last(model):
    """The input is [N,H,W,C], transposed at once (TensorFlow)."""
    graph = model.graph
    given = graph.input[0]
    dims = [given.type.tensor_type.shape.dim[i] for i in (0, 2, 3, 1)]
    shape = [d.dim_param or d.dim_value for d in dims]
    for node in graph.node:
        for i, name in enumerate(node.input):
            if name == "input":
                node.input[i] = "input_planar"
    first = helper.make_node("Transpose", ["input"], ["input_planar"], perm=[0, 3, 1, 2])
    graph.node.insert(0, first)
    given.CopyFrom(helper.make_tensor_value_info("input", TensorProto.FLOAT, shape))


def same_pads(model):
    """auto_pad instead of pads, where SAME means the same pads (odd kernel, stride 1)."""
    changed = 0
    for node in model.graph.node:
        values = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type != "Conv" or list(values["strides"]) != [1, 1]:
            continue
        half = [k // 2 for k in values["kernel_shape"]]
        if list(values["pads"]) != half + half:
            continue
        kept = [a for a in node.attribute if a.name not in ("pads", "auto_pad")]
        del node.attribute[:]
        node.attribute.extend(kept)
        node.attribute.append(
            helper.make_attribute("auto_pad", ("SAME_UPPER", "SAME_LOWER")[changed % 2])
        )
        changed += 1
    assert changed > 0


def half(model):
    """float16 weights, each widened by a Cast. The weights must be exact in float16."""
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT:
            continue
        name, values = tensor.name, numpy_helper.to_array(tensor)
        narrow = values.astype(np.float16)
        assert np.array_equal(narrow.astype(np.float32), values), name
        tensor.CopyFrom(numpy_helper.from_array(narrow, name + ".f16"))
        casts.append(helper.make_node("Cast", [name + ".f16"], [name], to=TensorProto.FLOAT))
    nodes = casts + list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)


def dense_as_conv(model):
    """Flatten and Gemm become a 1x1 convolution and Flatten (MobileNet v1 and others)."""
    graph = model.graph
    flatten, gemm = graph.node[-2], graph.node[-1]
    assert flatten.op_type == "Flatten" and gemm.op_type == "Gemm"
    weight = next(t for t in graph.initializer if t.name == gemm.input[1])
    values = numpy_helper.to_array(weight)
    weight.CopyFrom(numpy_helper.from_array(values[:, :, None, None].copy(), weight.name))
    pooled, scores = flatten.input[0], gemm.output[0]
    inputs = [pooled, weight.name, gemm.input[2]]
    del graph.node[-2:]
    graph.node.append(helper.make_node("Conv", inputs, ["class_scores"], kernel_shape=[1, 1]))
    graph.node.append(helper.make_node("Flatten", ["class_scores"], [scores], axis=1))


def mean_pool(model):
    """GlobalAveragePool written as ReduceMean with keepdims, then Squeeze (Keras, tf2onnx)."""
    graph = model.graph
    for i, node in enumerate(graph.node):
        if node.op_type == "GlobalAveragePool" and graph.node[i + 1].op_type == "Flatten":
            pool = helper.make_node(
                "ReduceMean", list(node.input), list(node.output), axes=[2, 3], keepdims=1
            )
            flatten = graph.node[i + 1]
            axes = numpy_helper.from_array(np.array([2, 3], np.int64), "squeezed_axes")
            graph.initializer.append(axes)
            squeeze = helper.make_node(
                "Squeeze", [flatten.input[0], "squeezed_axes"], list(flatten.output)
            )
            graph.node[i].CopyFrom(pool)
            graph.node[i + 1].CopyFrom(squeeze)
            return
    raise AssertionError("no global pool")


REWRITES = {
    f.__name__: f
    for f in (constants, softmax, channels_last, same_pads, half, dense_as_conv, mean_pool)
}
