# SPDX-License-Identifier: Apache-2.0
"""Units that rounding decides: what a gradient would be if they had been decided the other way.

settle.py keeps the units of a network away from the kinks of their activation functions for one
input. A path of integrated gradients or a set of noisy copies meets other inputs, and max pooling
has kinks of its own, where the two largest values of a window are equal. There a gradient is one
of several, all of them right, and two engines may show different ones.

So where a comparison fails, the undecided units are looked for: in float64, those whose distance
from a kink is below a few times the rounding error that float32 PyTorch shows in the same layer.
Deciding one the other way changes the gradient by a difference that float64 knows. An engine's
error must be a sum of whole such differences, each taken or not; the gradient is then computed
again in float64 with the units that were taken decided so, and has to agree as closely as ever.
"""

import copy
from dataclasses import dataclass
from typing import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

ROUNDING = 4.0  # times the largest error of float32 PyTorch in the layer
# Per activation function: each kink, and by how much the slope is larger behind it.
JUMPS = {
    nn.ReLU: ((0.0, 1.0),),
    nn.ReLU6: ((0.0, 1.0), (6.0, -1.0)),
    nn.Hardswish: ((-3.0, -0.5), (3.0, -0.5)),
    nn.Hardsigmoid: ((-3.0, 1.0 / 6.0), (3.0, -1.0 / 6.0)),
}


@dataclass
class Unit:
    call: int  # of the modules with a kink, in the order in which they run
    at: int  # in the module's output, flat
    change: Callable  # of the output, from the module's input, if decided the other way
    difference: np.ndarray  # of the gradient, to first order


class Undecided:
    """Finds them in a model, whose class `target` is explained."""

    def __init__(self, model, target):
        self.single = copy.deepcopy(model).float()
        self.double = copy.deepcopy(model).double()
        self.target = target

    def find(self, x):
        """The undecided units at an input."""
        x = x.double().requires_grad_(True)
        score, wide = _run(self.double, x, self.target)
        with torch.no_grad():
            _, narrow = _run(self.single, x.float(), self.target)
        slopes = torch.autograd.grad(score, [output for _, _, output in wide], retain_graph=True)
        units = []
        for call, ((module, value, _), (_, rounded, _)) in enumerate(zip(wide, narrow)):
            margin = ROUNDING * float((value - rounded).detach().abs().max())
            find = _tied_windows if isinstance(module, nn.MaxPool2d) else _units_at_kinks
            for at, change in find(module, value, slopes[call].shape, margin):
                grad = torch.autograd.grad(change(value), x, retain_graph=True)[0]
                difference = float(slopes[call].flatten()[at]) * grad[0].numpy()
                units.append(Unit(call, at, change, difference))
        return units

    def correction(self, x, units):
        """What deciding these units the other way, all of them, does to the gradient."""
        grads = []
        for chosen in ((), units):
            x = x.double().detach().requires_grad_(True)
            score, _ = _run(self.double, x, self.target, chosen)
            grads.append(torch.autograd.grad(score, x)[0][0].numpy())
        return grads[1] - grads[0]

    def gradcam(self, x, path, units=()):
        """Grad-CAM's raw map at a layer with these units decided the other way."""
        seen = {}
        handle = self.double.get_submodule(path).register_forward_hook(
            lambda _module, _inputs, output: seen.update(output=output)
        )
        score, _ = _run(self.double, x.double().detach().requires_grad_(True), self.target, units)
        handle.remove()
        slope = torch.autograd.grad(score, seen["output"])[0]
        weights = slope.mean(dim=(2, 3), keepdim=True)
        return (weights * seen["output"]).sum(1)[0].detach().numpy()

    def decide_gradcam(self, x, path, values, want):
        """A map as it were if every undecided unit had been decided as in `want`, and what there is
        to say about it."""
        units = self.find(x)
        base = self.gradcam(x, path)
        differences = [self.gradcam(x, path, [unit]) - base for unit in units]
        size = 1e-6 * np.abs(want).max()
        behind = [i for i, d in enumerate(differences) if np.abs(d).max() > size]
        chosen = taken(values - want, [differences[i] for i in behind]) if behind else []
        here = [units[behind[i]] for i in chosen]
        note = f"of {len(behind)} undecided units {len(here)} the other way"
        return values - (self.gradcam(x, path, here) - base), note


def _run(model, x, target, units=()):
    """The score, and (module, input, output) of every module with a kink, as they ran."""
    seen = []

    def record(module, inputs, output):
        for unit in units:
            if unit.call == len(seen):
                output = output.clone()
                output.view(-1)[unit.at] += unit.change(inputs[0])
        seen.append((module, inputs[0], output))
        return output

    kinds = (*JUMPS, nn.MaxPool2d)
    hooks = [m.register_forward_hook(record) for m in model.modules() if isinstance(m, kinds)]
    score = model(x)[0, target]
    for hook in hooks:
        hook.remove()
    return score, seen


def _units_at_kinks(module, value, _shape, margin):
    for kink, jump in JUMPS[type(module)]:
        distance = value.detach().flatten() - kink
        for at in (distance.abs() <= margin).nonzero().flatten().tolist():
            side = -jump if distance[at] > 0 else jump
            yield at, lambda v, at=at, side=side, kink=kink: side * (v.reshape(-1)[at] - kink)


def _tied_windows(pool, value, shape, margin):
    """Windows whose two largest values are apart by no more than the margin. Those that are equal
    in float64 are closed units of the layer before, without a gradient."""
    height, width = value.shape[2:]
    numbers = torch.arange(height * width, dtype=torch.float64).reshape(1, 1, height, width)
    windows = _windows(pool, value.detach().transpose(0, 1), shape)
    numbers = _windows(pool, numbers, shape)[0]
    largest, order = windows.topk(2, dim=1)
    gap = largest[:, 0] - largest[:, 1]
    for channel, window in ((gap <= margin) & (gap > 0)).nonzero().tolist():
        first, second = (
            channel * height * width + int(numbers[order[channel, i, window], window])
            for i in (0, 1)
        )
        yield (
            channel * shape[2] * shape[3] + window,
            lambda v, a=first, b=second: v.reshape(-1)[b] - v.reshape(-1)[a],
        )


def _windows(pool, planes, shape):
    """What each window of a square max pooling sees: [planes, values, windows]."""
    pads = []
    for size, count in ((planes.shape[3], shape[3]), (planes.shape[2], shape[2])):
        end = (count - 1) * pool.stride + pool.kernel_size - size - pool.padding
        pads += [pool.padding, max(pool.padding, end)]
    return F.unfold(F.pad(planes, pads, value=-torch.inf), pool.kernel_size, stride=pool.stride)


def taken(error, differences):
    """Which of the differences an error is the sum of. One after the other is taken or given back,
    whichever brings the sum nearest to the error: at the first layer a unit has the same difference,
    but for its size, at every point of a path, so that no system of equations tells them apart."""
    columns = np.stack([d.ravel() for d in differences], 1)
    products, share = columns.T @ columns, columns.T @ error.ravel()
    size = products.diagonal()
    chosen = np.zeros(len(size))
    for _ in range(2 * len(size)):
        gain = 2 * (1 - 2 * chosen) * share - size
        best = int(gain.argmax())
        if gain[best] <= 0.5 * size[best]:
            break
        share -= (1 - 2 * chosen[best]) * products[:, best]
        chosen[best] = 1 - chosen[best]
    return np.flatnonzero(chosen)
