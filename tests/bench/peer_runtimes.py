# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime, OpenVINO and ncnn as peers: forward, and occlusion by one forward per position.

Each with the settings that its documentation names for the shortest time of a single image on a
CPU, and in float32: OpenVINO and ncnn use bfloat16 or float16 by themselves where the processor
has it.
"""

import importlib.metadata

import numpy as np

from peer import occlude


class Runtime:
    """What the three share: tasks in terms of forward(x)."""

    package = ""

    def version(self):
        return importlib.metadata.version(self.package)

    def task_forward(self, _settings):
        return lambda: self.forward(self.x)

    def task_occlusion(self, settings):
        return occlude(self.forward, self.x, settings)


class OnnxRuntime(Runtime):
    package = "onnxruntime"

    def __init__(self):
        import onnxruntime

        self.library = onnxruntime

    def open(self, threads, model, x):
        options = self.library.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = self.library.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 3
        self.session = self.library.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )
        self.name, self.x = self.session.get_inputs()[0].name, x

    def forward(self, x):
        return self.session.run(None, {self.name: x})[0]


class OpenVino(Runtime):
    package = "openvino"

    def __init__(self):
        import openvino

        self.library = openvino

    def open(self, threads, model, x):
        settings = {
            "INFERENCE_PRECISION_HINT": "f32",
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
            "INFERENCE_NUM_THREADS": str(threads),
        }
        network = self.library.Core().read_model(str(model))
        network.reshape(list(x.shape))
        compiled = self.library.Core().compile_model(network, "CPU", settings)
        self.request, self.x = compiled.create_infer_request(), x

    def forward(self, x):
        results = self.request.infer({0: x}, share_inputs=True, share_outputs=True)
        return results[0].copy()


class Ncnn(Runtime):
    """bench_export.py has put the file through pnnx, PyPI's converter."""

    package = "ncnn"

    def __init__(self):
        import ncnn

        self.library = ncnn

    def open(self, threads, model, x):
        param, weights = model.with_suffix(".ncnn.param"), model.with_suffix(".ncnn.bin")
        self.net = self.library.Net()
        self.net.opt.num_threads = threads
        self.net.opt.use_vulkan_compute = False
        for name in dir(self.net.opt):
            if name.startswith(("use_fp16", "use_bf16")):
                setattr(self.net.opt, name, False)
        if self.net.load_param(str(param)) or self.net.load_model(str(weights)):
            raise RuntimeError(f"ncnn cannot load {param}")
        self.input, self.output = self.net.input_names()[0], self.net.output_names()[0]
        self.x = x

    def forward(self, x):
        extractor = self.net.create_extractor()
        extractor.input(self.input, self.library.Mat(x[0]))
        return np.array(extractor.extract(self.output)[1])


PEERS = {"onnxruntime": OnnxRuntime, "openvino": OpenVino, "ncnn": Ncnn}
