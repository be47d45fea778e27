#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the methods that look at the input with captum, for every channel of every pixel.

Saliency, guided backpropagation, Guided Grad-CAM (at the default layer, stretched bilinearly),
SmoothGrad (on the very same noise) and Integrated Gradients (both quadratures, and a baseline) of
the top class. The referee is captum in float64; a difference may be at most max(1e-4, 3 times what
captum shows in float32) of the largest value. Exits with 1 if a row fails.

On a path or among noisy copies some units lie at their kinks to rounding. Where a row fails, its
difference, and that of captum in float32, is compared with what such units decided the other way
make of it in float64 (kinks.py), and the row says how many they were.

captum's guided backpropagation changes nn.ReLU alone and not ReLU6, so networks with ReLU6 leave
the two guided methods out.

    build/oracle-venv/bin/python tests/oracle/input_gradients.py [--tiny] [network ...]
"""

import argparse
import sys
import tempfile
from pathlib import Path

import compare
import export
import kinks
import models
import numpy as np
import torch
from captum.attr import GuidedBackprop, GuidedGradCam, IntegratedGradients, Saliency
from captum.attr._utils.approximation_methods import approximation_parameters
from subject import LibcamxSubject
from tiny import TINY
from torch import nn

SAMPLES, NOISE, SEED, STEPS = 8, 0.15, 5, 20
WIDE = 0.25  # the other baseline of integrated gradients


def random_uniform(seed, indices):
    """The numbers that camx.h describes: the upper 53 bits of SplitMix64's outputs."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + (indices + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def noisy_copies(x):
    """What smoothgrad looks at, rounded to float32 as libcamx does."""
    clean = x.numpy().astype(np.float64)
    k = np.arange(SAMPLES * clean.size, dtype=np.uint64)
    one, two = (random_uniform(SEED, np.uint64(2) * k + np.uint64(i)) for i in (0, 1))
    normal = np.sqrt(-2 * np.log(1 - one)) * np.cos(2 * np.pi * two)
    deviation = np.float64(np.float32(NOISE)) * (clean.max() - clean.min())
    noise = deviation * normal.reshape((SAMPLES, *clean.shape[1:]))
    return torch.from_numpy((clean + noise).astype(np.float32))


def has_only_plain_relus(model):
    kinds = {type(module) for module in model.modules()}
    return nn.ReLU in kinds and nn.ReLU6 not in kinds


def reference(model, network, x, target, guided):
    """Every method's attribution [C, H, W] by captum, in the model's precision."""
    x = x.to(next(model.parameters()).dtype)
    wide = torch.full_like(x, WIDE)
    path = IntegratedGradients(model)
    result = {
        "saliency": Saliency(model).attribute(x, target=target, abs=False),
        "integrated_gradients": path.attribute(x, target=target, n_steps=STEPS),
        "riemann": path.attribute(x, wide, target=target, n_steps=STEPS, method="riemann_right"),
    }
    copies = noisy_copies(x.float()).to(x.dtype)
    grads = [Saliency(model).attribute(c[None], target=target, abs=False) for c in copies]
    result["smoothgrad"] = torch.stack(grads).mean(0)
    if guided:
        layer = models.module_at(model, network.layers[0])
        result["guided_backprop"] = GuidedBackprop(model).attribute(x, target=target)
        result["guided_gradcam"] = GuidedGradCam(model, layer).attribute(
            x, target=target, interpolate_mode="bilinear"
        )
    return {name: value[0].detach().numpy() for name, value in result.items()}


def ours(subject, name, x, target, layer):
    method = "integrated_gradients" if name == "riemann" else name
    settings = {
        "smoothgrad": {"samples": SAMPLES, "noise": NOISE, "seed": SEED},
        "integrated_gradients": {"steps": STEPS},
        "guided_gradcam": {"layer": layer},
        "riemann": {
            "steps": STEPS,
            "quadrature": "right_riemann",
            "baseline": np.full(x.shape, WIDE, np.float32),
        },
    }
    return subject.camx.attributions(
        subject.session, method, None, target, **settings.get(name, {})
    )[0]


def points(name, x):
    """Where a method takes the gradient of the score, and what each gradient is multiplied with."""
    x = x.double()
    if name == "smoothgrad":
        return [(copy[None], 1.0 / SAMPLES) for copy in noisy_copies(x.float()).double()]
    rules = {"integrated_gradients": ("gausslegendre", 0.0), "riemann": ("riemann_right", WIDE)}
    if name not in rules:
        return []
    weights_of, places_of = approximation_parameters(rules[name][0])
    start = torch.full_like(x, rules[name][1])
    way = x - start
    pairs = zip(weights_of(STEPS), places_of(STEPS))
    return [(start + place * way, weight * way[0].numpy()) for weight, place in pairs]


def decided(undecided, at, values, want, units):
    """Attributions as they were if every undecided unit had been decided as in `want`, and how many
    were not. units: per point."""
    differences = [u.difference * factor for (_, factor), us in zip(at, units) for u in us]
    chosen = set(kinks.taken(values - want, differences)) if differences else set()
    number, values = 0, values.astype(np.float64)
    for (point, factor), found in zip(at, units):
        here = [unit for i, unit in enumerate(found, number) if i in chosen]
        number += len(found)
        if here:
            values = values - factor * undecided.correction(point, here)
    return values, len(chosen)


def compare_values(label, undecided, at, got, f32, want):
    """The row of a method, and what was found out about it."""
    row = compare.compare_raw(label, got, f32, want)
    if row.passed or not at:
        return row, ""
    units = [undecided.find(point) for point, _ in at]
    got, ours = decided(undecided, at, got, want, units)
    f32, theirs = decided(undecided, at, f32, want, units)
    note = f"of {sum(map(len, units))} undecided units {ours} the other way, in PyTorch {theirs}"
    return compare.compare_raw(label, got, f32, want), f" ({note}; before: {row.raw_error:.1e})"


def compare_network(network, folder):
    """The rows of one network; True if all hold."""
    model = models.prepare(network)
    x = models.network_input(network)
    guided = has_only_plain_relus(model)
    with torch.no_grad():
        target = int(model(x).argmax())
    f64 = reference(model.double(), network, x, target, guided)
    f32 = reference(model.float(), network, x, target, guided)
    path = folder / f"{network.name}.onnx"
    export.export(model, x, path, "torchscript")
    names = export.module_values(network, model, x, export.run_all_values(path, x))
    subject = LibcamxSubject(path, x, torch.get_num_threads())
    undecided = kinks.Undecided(model, target)
    good = True
    for name, want in f64.items():
        got = ours(subject, name, x, target, names[network.layers[0]])
        label = (network.name, "torchscript", name, "")
        row, note = compare_values(label, undecided, points(name, x), got, f32[name], want)
        good &= row.passed
        print(
            f"{network.name:16} {name:22} {row.raw_error:8.1e} <= {row.raw_allowed:7.1e} "
            f"{'ok' if row.passed else 'FAILED'}{note}",
            flush=True,
        )
    subject.close()
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", help="names from models.py; default: all")
    parser.add_argument("--tiny", action="store_true", help="the tiny networks of tiny.py instead")
    arguments = parser.parse_args()
    torch.set_num_threads(1 if arguments.tiny else 2)
    chosen = TINY if arguments.tiny else models.FULL
    if arguments.networks:
        chosen = [network for network in chosen if network.name in arguments.networks]
    if not chosen:
        sys.exit("no such network")
    with tempfile.TemporaryDirectory() as folder:
        good = [compare_network(network, Path(folder)) for network in chosen]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
