# SPDX-License-Identifier: Apache-2.0
"""Makes the cases in tests/node/data: what ONNX changed after the versions that Debian's libonnx-testdata covers, with
the outputs that ONNX Runtime gives. Needs onnx, onnxruntime and numpy:

    python3 tests/node/make_cases.py tests/node/data
"""
import pathlib
import shutil
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

random = np.random.default_rng(20)


def floats(*shape):
    return random.uniform(-2, 2, shape).astype(np.float32)


def ints(*values):
    return np.array(values, np.int64)


def value_info(name, array):
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)


def write_tensor(path, array, name):
    path.write_bytes(numpy_helper.from_array(array, name).SerializeToString())


def make(folder, name, op, opset, inputs, outputs=1, constants=(), **attributes):
    """inputs: arrays, None where left out; those whose numbers are in `constants` become initialisers."""
    names = [f"x{i}" if x is not None else "" for i, x in enumerate(inputs)]
    results = [f"y{i}" for i in range(outputs)]
    node = helper.make_node(op, names, results, **attributes)
    given = [(n, x) for i, (n, x) in enumerate(zip(names, inputs)) if x is not None and i not in constants]
    stored = [numpy_helper.from_array(inputs[i], names[i]) for i in constants]
    graph = helper.make_graph([node], "case", [value_info(n, x) for n, x in given],
                              [onnx.ValueInfoProto(name=r) for r in results], stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8,
                              producer_name="make_cases.py")
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    expected = session.run(results, dict(given))
    for r, y in zip(graph.output, expected):
        r.CopyFrom(value_info(r.name, y))
    model.graph.CopyFrom(graph)
    case = folder / "node" / f"test_{name}"
    data = case / "test_data_set_0"
    data.mkdir(parents=True)
    (case / "model.onnx").write_bytes(model.SerializeToString())
    for i, (n, x) in enumerate(given):
        write_tensor(data / f"input_{i}.pb", x, n)
    for i, y in enumerate(expected):
        write_tensor(data / f"output_{i}.pb", y, results[i])


def reductions(folder):
    for op in ("Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSumExp"):
        make(folder, f"reduce_{op.lower()}_18", f"Reduce{op}", 18, [floats(2, 3, 4), ints(-1, 0)], constants=[1])
    make(folder, "reduce_mean_18_all", "ReduceMean", 18, [floats(2, 3, 4)], keepdims=0)
    make(folder, "reduce_mean_18_nothing", "ReduceMean", 18, [floats(2, 3, 4)], noop_with_empty_axes=1)
    make(folder, "reduce_log_sum_18", "ReduceLogSum", 18, [np.abs(floats(2, 3, 4)) + 1, ints(1)], constants=[1])


def activations(folder):
    x = floats(2, 3, 4, 5) * 3
    make(folder, "gelu_20", "Gelu", 20, [x])
    make(folder, "gelu_20_tanh", "Gelu", 20, [x / 3], approximate="tanh")
    make(folder, "mish_18", "Mish", 18, [x])
    make(folder, "hardswish_14", "HardSwish", 14, [x])
    make(folder, "layer_norm_17", "LayerNormalization", 17, [x, floats(5), floats(5)], constants=[1, 2])
    make(folder, "layer_norm_17_axis", "LayerNormalization", 17, [x, floats(4, 5)], axis=2, constants=[1])
    make(folder, "lrn_13", "LRN", 13, [x], size=3, alpha=0.3, beta=0.6, bias=1.5)
    make(folder, "average_pool_19", "AveragePool", 19, [floats(1, 3, 9, 8)], kernel_shape=[3, 2],
         dilations=[2, 2], strides=[2, 1], pads=[1, 1, 2, 0], count_include_pad=1)
    make(folder, "average_pool_19_ceil", "AveragePool", 19, [floats(1, 3, 8, 7)], kernel_shape=[3, 3],
         strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1)


def moves(folder):
    x = floats(2, 3, 7, 5)
    make(folder, "split_18_uneven", "Split", 18, [x], 3, axis=2, num_outputs=3)
    make(folder, "split_18_lengths", "Split", 18, [x, ints(1, 0, 6)], 3, axis=-2, constants=[1])
    make(folder, "pad_18_axes", "Pad", 18, [x, ints(1, 2, 3, -1), np.array(0.5, np.float32), ints(-1, 1)],
         constants=[1, 2, 3])
    for mode, opset in (("reflect", 18), ("edge", 18), ("wrap", 19)):
        make(folder, f"pad_{mode}_{opset}", "Pad", opset, [x, ints(0, 1, 4, 2, 0, 2, 3, 4)], mode=mode,
             constants=[1])
    make(folder, "pad_int64_13", "Pad", 13, [np.arange(6).reshape(2, 3), ints(1, 0, 0, 2), np.array(7)],
         constants=[1, 2])
    make(folder, "shape_15", "Shape", 15, [x], start=-3, end=-1)
    make(folder, "reshape_14_allowzero", "Reshape", 14, [floats(0, 3), ints(3, 0)], allowzero=1, constants=[1])
    make(folder, "gather_3d", "Gather", 13, [x, np.array([[0, -1], [2, 3]])], axis=2)
    make(folder, "scatter_nd_18_max", "ScatterND", 18, [floats(4, 3), np.array([[0], [2], [0]]), floats(3, 3)],
         reduction="max")
    make(folder, "scatter_elements_18_min", "ScatterElements", 18,
         [floats(4, 3), np.array([[0, 1, 3], [0, 2, -1]]), floats(2, 3)], reduction="min")
    make(folder, "einsum_12_attention", "Einsum", 12, [floats(2, 2, 3, 4), floats(2, 2, 5, 4)],
         equation="b h i d , b h j d -> b h i j")
    make(folder, "einsum_12_broadcast", "Einsum", 12, [floats(2, 5, 3, 4), floats(1, 5, 4, 2)],
         equation="...ij,...jk->...ik")
    make(folder, "einsum_12_three", "Einsum", 12, [floats(2, 3), floats(3, 4), floats(4)], equation="ij,jk,k->i")
    make(folder, "castlike_15", "CastLike", 15, [floats(2, 3) * 5, ints(0)], constants=[])
    make(folder, "range_11_float", "Range", 11, [np.float32(1), np.float32(4.1), np.float32(0.7)],
         constants=[0, 1, 2])


def resizes(folder):
    x = floats(1, 2, 7, 6) + 3  # sums near zero would compare roundings
    scales = np.array([1, 1, 1.7, 0.6], np.float32)
    places = ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric")
    for place in places:
        for mode in ("nearest", "linear", "cubic"):
            make(folder, f"resize_13_{mode}_{place}", "Resize", 13, [x, None, scales], mode=mode,
                 coordinate_transformation_mode=place, constants=[2])
    for rule in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
        make(folder, f"resize_13_nearest_{rule}", "Resize", 13, [x, None, None, ints(1, 2, 5, 11)], mode="nearest",
             nearest_mode=rule, constants=[3])
    make(folder, "resize_13_cubic_exclude", "Resize", 13, [x, None, scales], mode="cubic", exclude_outside=1,
         cubic_coeff_a=-0.5, constants=[2])
    for policy in ("stretch", "not_larger", "not_smaller"):
        make(folder, f"resize_18_{policy}", "Resize", 18, [x, None, None, ints(4, 9)], mode="linear", axes=[2, 3],
             keep_aspect_ratio_policy=policy, constants=[3])
    for mode in ("linear", "cubic"):
        make(folder, f"resize_18_{mode}_antialias", "Resize", 18,
             [floats(1, 2, 11, 13) + 3, None, np.array([1, 1, 0.4, 0.55], np.float32)], mode=mode, antialias=1,
             constants=[2])
        make(folder, f"resize_18_{mode}_antialias_sizes", "Resize", 18,
             [floats(1, 2, 11, 13) + 3, None, None, ints(1, 2, 5, 17)], mode=mode, antialias=1,
             exclude_outside=1, constants=[3])
    make(folder, "resize_19_symmetric", "Resize", 19, [x, None, scales], mode="linear",
         coordinate_transformation_mode="half_pixel_symmetric", constants=[2])
    make(folder, "resize_11_crop", "Resize", 11,
         [x, np.array([0, 0, 0.2, 0.1, 1, 1, 0.8, 1.1], np.float32), np.array([], np.float32), ints(1, 2, 4, 9)],
         mode="linear", coordinate_transformation_mode="tf_crop_and_resize", extrapolation_value=3.0,
         constants=[1, 2, 3])
    for mode in ("nearest", "linear"):
        make(folder, f"resize_10_{mode}", "Resize", 10, [x, scales], mode=mode, constants=[1])
    make(folder, "upsample_9", "Upsample", 9, [x, np.array([1, 1, 2, 3], np.float32)], mode="linear",
         constants=[1])
    make(folder, "upsample_7", "Upsample", 7, [x], mode="nearest", scales=[1.0, 1.0, 2.0, 3.0])


def main():
    folder = pathlib.Path(sys.argv[1])
    shutil.rmtree(folder / "node", ignore_errors=True)
    for part in (reductions, activations, moves, resizes):
        part(folder)


main()
