# SPDX-License-Identifier: Apache-2.0
"""The reference values: PyTorch's logits and pytorch-grad-cam's and captum's maps.

Everything is computed in float64, which is the referee, and in float32: what float32 PyTorch itself
deviates says how well the numbers are determined at all.

Maps are pytorch-grad-cam's own weighted sums (GradCAM.get_cam_image,
GradCAMPlusPlus.get_cam_image) at the resolution of the layer, before its resize to the input.
`normalise` is then its ReLU and min-max scaling (scale_cam_image), in float64.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from captum.attr import Occlusion
from models import module_at
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

METHODS = {"gradcam": GradCAM, "gradcampp": GradCAMPlusPlus}


@dataclass
class Reference:
    """What one network says about one input, in one precision."""

    target: int
    logits: np.ndarray
    maps: dict = field(default_factory=dict)  # (method, module path) -> raw map [H,W]
    cam: np.ndarray | None = None
    occlusion: np.ndarray | None = None  # [H,W] of the input


def normalise(raw):
    """pytorch-grad-cam's scaling of one raw map: max(v,0), minus minimum, / (1e-7 + maximum)."""
    scaled = np.maximum(np.asarray(raw, np.float64), 0.0)
    scaled = scaled - scaled.min()
    return scaled / (1e-7 + scaled.max())


def normalised_error(got, want):
    """Largest difference of two raw maps after pytorch-grad-cam's scaling."""
    return float(np.abs(normalise(got) - normalise(want)).max())


def relative_error(got, want):
    """Largest difference relative to the largest wanted value; infinite if the shapes differ."""
    got, want = np.asarray(got, np.float64), np.asarray(want, np.float64)
    if got.shape != want.shape:
        return float("inf")
    return float(np.abs(got - want).max() / max(np.abs(want).max(), 1e-30))


def is_degenerate(raw):
    """True for maps whose positive part is zero or flat, so that scaling shows rounding errors."""
    raw = np.asarray(raw, np.float64)
    if not np.isfinite(raw).all():
        return True
    positive = np.maximum(raw, 0.0)
    return bool(positive.max() - positive.min() <= 1e-3 * np.abs(raw).max())


def _gradient_maps(model, network, x, reference):
    """One backward pass for all layers; pytorch-grad-cam's arithmetic for both methods."""
    # pytorch-grad-cam hands back activations in the order of the forward pass, so name layers so.
    paths = list(reversed(network.layers))
    modules = [module_at(model, path) for path in paths]
    with GradCAM(model, modules) as recorder:
        hooks = recorder.activations_and_grads
        outputs = hooks(x)
        model.zero_grad()
        outputs[0, reference.target].backward()
        activations = [value.numpy() for value in hooks.activations]
        gradients = [value.numpy() for value in hooks.gradients]
    assert len(activations) == len(gradients) == len(paths)
    targets = [ClassifierOutputTarget(reference.target)]
    for method, make in METHODS.items():
        with make(model, modules) as cam:
            for path, module, a, g in zip(paths, modules, activations, gradients):
                raw = cam.get_cam_image(x, module, targets, a, g, False)[0]
                reference.maps[method, path] = np.array(raw)


def _class_activation_map(model, network, x, target):
    """CAM by its definition: the class's weights times the features that the pool averages."""
    head = module_at(model, network.head)
    seen = {}
    path = network.layers[0] if network.cam == "dense" else network.head
    handle = module_at(model, path).register_forward_hook(
        lambda _module, _inputs, output: seen.update(features=output)
    )
    with torch.no_grad():
        logits = model(x)
    handle.remove()
    features = seen["features"][0]
    if network.cam == "conv":
        # The convolution has already weighed the channels: the class's channel is the map.
        cam, bias = features[target], 0.0
    else:
        cam = torch.einsum("k,khw->hw", head.weight[target], features)
        bias = head.bias[target]
    cam = cam.detach()
    assert torch.allclose(cam.mean() + bias, logits[0, target], rtol=1e-3, atol=1e-3)
    return cam.numpy()


def _occlusion(model, network, x, target):
    """captum's Occlusion of the logit with its default baseline 0: one map for all channels."""
    patch, stride = network.occlusion
    with torch.no_grad():
        attribution = Occlusion(model).attribute(
            x,
            sliding_window_shapes=(x.shape[1], patch, patch),
            strides=(x.shape[1], stride, stride),
            target=target,
            perturbations_per_eval=4,
        )
    assert torch.equal(attribution[0, 0], attribution[0, 1])
    return attribution[0, 0].numpy()


def _compute(model, network, x, target):
    with torch.no_grad():
        logits = model(x)[0].numpy().copy()
    reference = Reference(int(np.argmax(logits)) if target is None else target, logits)
    _gradient_maps(model, network, x, reference)
    if network.cam:
        reference.cam = _class_activation_map(model, network, x, reference.target)
    reference.occlusion = _occlusion(model, network, x, reference.target)
    return reference


def compute(model, network, x):
    """The float64 references and, for the same class, the float32 ones. Leaves the model float32."""
    f64 = _compute(model.double(), network, x.double(), None)
    return f64, _compute(model.float(), network, x, f64.target)
