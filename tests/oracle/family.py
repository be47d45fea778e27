# SPDX-License-Identifier: Apache-2.0
"""The rest of the family against pytorch-grad-cam.

    build/oracle-venv/bin/python tests/oracle/family.py [--tiny] [network ...]

Raw maps are pytorch-grad-cam's own (get_cam_image, before its ReLU), at the default layer and one
earlier; FullGrad's is its sum before the last scaling. Where the reference is known to be wrong,
its rule is replaced by the one that docs/methods.md states, and said so here:

* Ablation-CAM sets a channel to a number far below zero where the layer's minimum is not 0; here 0.
  It divides by the score, which turns the map round where that is negative; here by its size.
* Eigen-CAM's sign is that of NumPy's singular vectors, which means nothing; here the map is larger
  where the layer's channels add up to more.
"""

import argparse
import pathlib
import sys

import compare
import export
import models
import numpy as np
import torch
from models import module_at
from pytorch_grad_cam import (
    AblationCAM,
    EigenCAM,
    EigenGradCAM,
    FullGrad,
    GradCAMElementWise,
    HiResCAM,
    LayerCAM,
    ScoreCAM,
    XGradCAM,
)
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from subject import LibcamxSubject
from tiny import TINY

GRADIENT = {
    "hirescam": HiResCAM,
    "layercam": LayerCAM,
    "xgradcam": XGradCAM,
    "elementwise": GradCAMElementWise,
    "eigencam": EigenCAM,
    "eigengradcam": EigenGradCAM,
}


def activations_of(model, path, x, target):
    """The layer's output and the gradient of the logit there, [1,K,h,w]."""
    seen = {}

    def hook(_module, _inputs, output):
        output.retain_grad()
        seen["value"] = output

    handle = module_at(model, path).register_forward_hook(hook)
    with torch.enable_grad():
        model(x.clone().requires_grad_(True))[0, target].backward()
    handle.remove()
    return seen["value"].detach().numpy(), seen["value"].grad.numpy()


def with_sign(raw, summed):
    """The sign rule of docs/methods.md for principal components."""
    centred = summed - summed.mean()
    return raw if (raw.astype(np.float64) * centred).sum() >= 0 else -raw


def score_weights(model, path, x, target, a, factor):
    """pytorch-grad-cam's Score-CAM weights; in float64 it only takes float32 activations."""
    with ScoreCAM(model, [module_at(model, path)]) as cam:
        cam.batch_size = factor
        return cam.get_cam_weights(x, None, [ClassifierOutputTarget(target)], a, None)


def ablation_map(model, path, x, target, a):
    """By the definition, with whole forward passes: one channel after another set to 0."""
    module = module_at(model, path)
    weights = np.zeros(a.shape[1])
    with torch.no_grad():
        whole = model(x)[0, target].item()
        for k in range(a.shape[1]):

            def ablate(_module, _inputs, output, k=k):
                output = output.clone()
                output[:, k] = 0
                return output

            handle = module.register_forward_hook(ablate)
            weights[k] = (whole - model(x)[0, target].item()) / abs(whole)
            handle.remove()
    return np.einsum("k,khw->hw", weights, a[0])


def reciprocam_map(model, path, x, target, a):
    """By the definition: everything but one position set to 0."""
    module = module_at(model, path)
    raw = np.zeros(a.shape[2:])
    with torch.no_grad():
        for y, column in np.ndindex(*raw.shape):

            def keep(_module, _inputs, output, y=y, column=column):
                kept = torch.zeros_like(output)
                kept[:, :, y, column] = output[:, :, y, column]
                return kept

            handle = module.register_forward_hook(keep)
            raw[y, column] = model(x)[0, target].item()
            handle.remove()
    return raw


def fullgrad_map(model, x, target):
    with FullGrad(model, []) as cam:
        x = x.clone().requires_grad_(True)
        cam.activations_and_grads.gradients = []
        outputs = cam.activations_and_grads(x)
        model.zero_grad()
        outputs[0, target].backward()
        return cam.compute_cam_per_layer(x, None, False)[0].reshape(x.shape[2:])


def reference(model, network, x, path, target):
    a, g = activations_of(model, path, x, target)
    module = module_at(model, path)
    targets = [ClassifierOutputTarget(target)]
    maps = {}
    for method, make in GRADIENT.items():
        with make(model, [module]) as cam:
            maps[method] = np.array(cam.get_cam_image(x, module, targets, a, g, False)[0])
    maps["eigencam"] = with_sign(maps["eigencam"], a[0].sum(0))
    maps["eigengradcam"] = with_sign(maps["eigengradcam"], (a * g)[0].sum(0))
    weights = score_weights(model, path, x, target, a, 16)
    maps["scorecam"] = np.einsum("k,khw->hw", weights[0], a[0])
    maps["ablationcam"] = ablation_map(model, path, x, target, a)
    maps["reciprocam"] = reciprocam_map(model, path, x, target, a)
    return maps


def rows_of(network, exporter, folder):
    model = models.prepare(network)
    x = models.network_input(network)
    path = folder / f"{network.name}_{exporter}.onnx"
    export.export(model, x, path, exporter)
    names = export.module_values(network, model, x, export.run_all_values(path, x))
    with torch.no_grad():
        target = int(model.double()(x.double())[0].argmax())
    model.float()
    subject = LibcamxSubject(path, x, torch.get_num_threads())
    rows = []
    for layer in network.layers[:2]:
        f64 = reference(model.double(), network, x.double(), layer, target)
        f32 = reference(model.float(), network, x, layer, target)
        for method, want in f64.items():
            got = subject.camx.explain(subject.session, method, None, target, names[layer]).raw
            label = (network.name, exporter, method, names[layer])
            rows.append(compare.compare_map(label, got, f32[method], want))
    f64 = fullgrad_map(model.double(), x.double(), target)
    f32 = fullgrad_map(model.float(), x, target)
    got = subject.camx.explain(subject.session, "fullgrad", None, target).raw
    rows.append(compare.compare_map((network.name, exporter, "fullgrad", ""), got, f32, f64))
    subject.close()
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--exporter", choices=export.EXPORTERS, default=export.EXPORTERS[0])
    arguments = parser.parse_args()
    torch.set_num_threads(1 if arguments.tiny else 2)
    folder = pathlib.Path(__file__).resolve().parents[2] / "build" / "oracle"
    wanted = arguments.networks or ["resnet18", "mobilenet_v2", "vgg"]
    failed = 0
    for network in TINY if arguments.tiny else models.FULL:
        if network.name not in wanted:
            continue
        for row in rows_of(network, arguments.exporter, folder):
            failed += not row.passed
            print(
                f"{row.network:14} {row.method:13} {row.max_error:8.1e} <= {row.allowed:7.1e}"
                f"  raw {row.raw_error:7.1e} <= {row.raw_allowed:7.1e}"
                f"  {'ok' if row.passed else 'FAILED'}{' degenerate' if row.degenerate else ''}"
                f" {row.layer}",
                flush=True,
            )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
