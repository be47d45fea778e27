# SPDX-License-Identifier: Apache-2.0
"""PyTorch, pytorch-grad-cam and captum as peers, on the module that the ONNX file was made of.

PyTorch itself runs forward, and Grad-CAM as a careful user writes it: autograd.grad with respect
to the layer's output alone, so that no gradient of a weight is computed. The other two are called
as their documentation shows.
"""

import copy
import importlib.metadata
import time

import numpy as np
import torch

from bench_networks import build
from peer import Unable, network_facts


class Task:
    """Runs one of several equal ways of doing the same: the first, until tune() was asked."""

    def __init__(self, ways):
        self.ways = ways
        self.way = next(iter(ways))

    def __call__(self):
        return self.ways[self.way]()

    def tune(self):
        self.way = min(self.ways, key=lambda way: _time(self.ways[way]))
        return self.way


def _seconds(run):
    before = time.perf_counter()
    run()
    return time.perf_counter() - before


def _time(run):
    """The shorter of two runs after one that does not count, unless that took long; what fails
    takes forever."""
    try:
        first = _seconds(run)
        return first if first > 2.0 else min(_seconds(run), _seconds(run))
    except Exception:  # one way less
        return float("inf")


class Torch:
    """What the three libraries share: the module and its layers."""

    package = "torch"

    def version(self):
        return importlib.metadata.version(self.package)

    def open(self, threads, model, x):
        state = model.with_suffix(".pt")
        if not state.exists():
            raise Unable("there is no PyTorch module of this network")
        torch.set_num_threads(threads)
        self.model = build(model.stem, state)
        self.x = torch.from_numpy(x)
        self.layers = [layer["module"] for layer in network_facts(model)["layers"]]

    def modules(self, count=1):
        return [self.model.get_submodule(path) for path in self.layers[:count]]


class PlainTorch(Torch):
    def task_forward(self, _settings):
        """Eager, channels last, and TorchScript frozen for inference."""
        made = {}

        def plain(x, model=self.model):
            with torch.inference_mode():
                return model(x).numpy()

        def channels_last():
            if "model" not in made:
                made["x"] = self.x.to(memory_format=torch.channels_last)
                made["model"] = copy.deepcopy(self.model).to(memory_format=torch.channels_last)
            return plain(made["x"], made["model"])

        def script():
            if "frozen" not in made:
                with torch.no_grad():
                    traced = torch.jit.freeze(torch.jit.trace(self.model, self.x))
                    made["frozen"] = torch.jit.optimize_for_inference(traced)
                    for _ in range(3):
                        made["frozen"](self.x)
            return plain(self.x, made["frozen"])

        ways = {"eager": lambda: plain(self.x), "torchscript": script}
        return Task(ways | {"channels last": channels_last})

    def _gradcam(self, count, classes):
        kept, modules = [], self.modules(count)
        handles = [m.register_forward_hook(lambda _m, _i, out: kept.append(out)) for m in modules]
        try:
            logits = self.model(self.x)
        finally:
            for handle in handles:
                handle.remove()
        maps = []
        for index in classes:
            again = index != classes[-1]
            gradients = torch.autograd.grad(logits[0, index], kept, retain_graph=again)
            for value, gradient in zip(kept, gradients):
                weights = gradient.mean((2, 3), keepdim=True)
                maps.append((weights * value).sum(1).detach().numpy().ravel())
        # Hooks are called in the order of execution, the deepest layer last.
        maps = [maps[start : start + count][::-1] for start in range(0, len(maps), count)]
        return np.concatenate([m for group in maps for m in group])

    def task_gradcam(self, settings):
        return lambda: self._gradcam(1, [int(settings["class"])])

    def task_gradcam_stages(self, settings):
        return lambda: self._gradcam(len(self.layers), [int(settings["class"])])

    def task_gradcam_5_classes(self, settings):
        classes = [int(index) for index in settings["class"].split(",")]
        return lambda: self._gradcam(1, classes)


class GradCam(Torch):
    """pytorch-grad-cam. Its maps come scaled and in the input's size."""

    package = "grad-cam"

    def __init__(self):
        import pytorch_grad_cam

        self.library = pytorch_grad_cam

    def _task(self, method, modules, classes):
        from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

        x = self.x.repeat(len(classes), 1, 1, 1)
        targets = [ClassifierOutputTarget(index) for index in classes]
        make = getattr(self.library, method)(model=self.model, target_layers=modules)
        make.batch_size = 32
        return lambda: np.array(make(input_tensor=x, targets=targets))

    def task_gradcam(self, settings):
        return self._task("GradCAM", self.modules(), [int(settings["class"])])

    def task_gradcam_stages(self, settings):
        return self._task("GradCAM", self.modules(len(self.layers)), [int(settings["class"])])

    def task_gradcam_5_classes(self, settings):
        classes = [int(index) for index in settings["class"].split(",")]
        return self._task("GradCAM", self.modules(), classes)

    def task_gradcampp(self, settings):
        return self._task("GradCAMPlusPlus", self.modules(), [int(settings["class"])])

    def task_hirescam(self, settings):
        return self._task("HiResCAM", self.modules(), [int(settings["class"])])

    def task_scorecam(self, settings):
        return self._task("ScoreCAM", self.modules(), [int(settings["class"])])

    def task_ablationcam(self, settings):
        return self._task("AblationCAM", self.modules(), [int(settings["class"])])


class Captum(Torch):
    package = "captum"

    def __init__(self):
        import captum.attr

        self.library = captum.attr

    def task_gradcam(self, settings):
        method, target = self.library.LayerGradCam(self.model, self.modules()[0]), int(settings["class"])
        return lambda: method.attribute(self.x, target=target).detach().numpy()

    def task_saliency(self, settings):
        method, target = self.library.Saliency(self.model), int(settings["class"])

        def run():
            made = method.attribute(self.x.clone().requires_grad_(), target=target)
            return made[0].amax(0).numpy()

        return run

    def task_integrated_gradients(self, settings):
        """Its fifty steps in batches of the size that is fastest."""
        method, target = self.library.IntegratedGradients(self.model), int(settings["class"])

        def way(batch):
            return lambda: (
                method.attribute(self.x, target=target, internal_batch_size=batch)[0]
                .sum(0)
                .detach()
                .numpy()
            )

        return Task({f"batches of {batch}": way(batch) for batch in (5, 1, 25)})

    def task_occlusion(self, settings):
        """Several positions a forward pass, as many as are fastest."""
        method, target = self.library.Occlusion(self.model), int(settings["class"])
        channels = self.x.shape[1]
        window = (channels, int(settings["patch"]), int(settings["patch"]))
        stride = (channels, int(settings["stride"]), int(settings["stride"]))

        def way(batch):
            def run():
                with torch.no_grad():
                    made = method.attribute(
                        self.x, window, stride, target=target, perturbations_per_eval=batch
                    )
                return made[0, 0].numpy()

            return run

        return Task({f"batches of {batch}": way(batch) for batch in (1, 4, 16)})


PEERS = {"torch": PlainTorch, "pytorch-grad-cam": GradCam, "captum": Captum}
