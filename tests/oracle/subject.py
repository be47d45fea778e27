# SPDX-License-Identifier: Apache-2.0
"""What is put to the test: libcamx through its Python package, or PyTorch itself to test the
tests."""

import pathlib
import sys

import numpy as np

TOP = pathlib.Path(__file__).resolve().parents[2]


class LibcamxSubject:
    """One ONNX file in libcamx. Maps are raw, at layer resolution (occlusion: the input's)."""

    def __init__(self, path, x, threads=2):
        sys.path.insert(0, str(TOP / "bindings" / "python"))
        import camx

        self.camx = camx
        self.session = camx.Session(camx.Model(path), threads=threads)
        self.session.run(np.ascontiguousarray(x, np.float32))

    def logits(self):
        return self.session.logits()

    def default_layer(self):
        return self.session.layer().name

    def gradient_map(self, method, target, layer):
        compute = {"gradcam": self.camx.gradcam, "gradcampp": self.camx.gradcampp}[method]
        return compute(self.session, None, target, layer).raw

    def cam(self, target):
        """The class activation map, or None if libcamx refuses to make one."""
        try:
            return self.camx.cam(self.session, None, target).raw
        except self.camx.MethodError:
            return None

    def occlusion(self, target, patch, stride):
        made = self.camx.occlusion(
            self.session, None, target, patch=patch, stride=stride, preset="captum"
        )
        return made.raw

    def close(self):
        self.session.close()


class PyTorchSubject:
    """The float32 reference in libcamx's place: the harness must pass it, and must fail it when its
    numbers are disturbed."""

    def __init__(self, values, names, network, disturbance=0.0):
        self.values, self.names, self.network = values, names, network
        self.disturbance = disturbance

    def _disturbed(self, array):
        array = np.array(array, np.float32)
        array.flat[array.argmax()] += self.disturbance * np.abs(array).max()
        return array

    def logits(self):
        return self._disturbed(self.values.logits)

    def default_layer(self):
        return self.names[self.network.layers[0 if not self.disturbance else 1]]

    def gradient_map(self, method, target, layer):
        path = next(p for p in self.network.layers if self.names[p] == layer)
        return self._disturbed(self.values.maps[method, path])

    def cam(self, target):
        if self.disturbance and self.values.cam is None:
            return np.zeros((1, 1), np.float32)
        return None if self.values.cam is None else self._disturbed(self.values.cam)

    def occlusion(self, target, patch, stride):
        return self._disturbed(self.values.occlusion)

    def close(self):
        pass
