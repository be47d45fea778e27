# SPDX-License-Identifier: Apache-2.0
"""Moves a random network away from the kinks of its activation functions.

A network has millions of ReLUs, and for any input a few of them get a number within rounding of
zero. Whether such a unit is open is then decided by the order of summation, differently in each
engine; the gradient through it is there or not, and at an early layer, where gradients of both
signs cancel, one unit moves a map by a thousandth. Comparing at 1e-4 would compare luck. So the
bias of a channel that has such a unit is moved a little, until every unit keeps a distance that no
rounding error crosses.

This happens in one forward pass in float64: when an activation function is about to run, the layer
that feeds it is known, and moving that layer's bias moves what arrives by as much.
"""

import torch
from torch import nn

MARGIN = 2.0**-15  # times the standard deviation of what arrives at the activation function
KINKS = {
    nn.ReLU: (0.0,),
    nn.ReLU6: (0.0, 6.0),
    nn.Hardswish: (-3.0, 3.0),
    nn.Hardsigmoid: (-3.0, 3.0),
}
FEEDERS = (nn.BatchNorm2d, nn.Conv2d, nn.Linear)


class _Settler:
    """Hooks for one forward pass."""

    def __init__(self, model):
        self.feeder = None
        self.moved = 0
        self.handles = []
        for module in model.modules():
            if isinstance(module, FEEDERS):
                self.handles.append(module.register_forward_hook(self._remember))
            kinks = next((k for kind, k in KINKS.items() if type(module) is kind), None)
            if kinks is not None:
                hook = self._before(kinks)
                self.handles.append(module.register_forward_pre_hook(hook))

    def _remember(self, module, _inputs, _output):
        if module.bias is not None:
            self.feeder = module

    def _before(self, kinks):
        def settle(_module, inputs):
            value = inputs[0].clone()
            if self.feeder is None or self.feeder.bias.numel() != value.shape[1]:
                raise LookupError("no bias is known that moves this activation function's input")
            margin = MARGIN * float(value.std())
            for channel in _near(value, kinks, margin).nonzero().flatten().tolist():
                self._move(value, channel, kinks, margin)
            return (value,)

        return settle

    def _move(self, value, channel, kinks, margin):
        """Tries growing steps of both signs; a step is what the float32 bias really moves by."""
        bias = self.feeder.bias.data
        old, plane = bias[channel].item(), value[:, channel].clone()
        for attempt in range(1, 400):
            wanted = old + (attempt // 2 + 1) * 3.0 * margin * (-1.0) ** attempt
            new = torch.tensor(wanted, dtype=torch.float32).item()
            moved = plane + (new - old)
            if not _near(moved[:, None], kinks, margin).any():
                bias[channel] = new
                value[:, channel] = moved
                self.moved += 1
                return
        raise LookupError("no step moves a channel away from the kinks")


def _near(value, kinks, margin):
    """For each channel of [N,C,...] whether any element is within the margin of a kink."""
    near = torch.zeros(value.shape[1], dtype=torch.bool)
    for kink in kinks:
        close = (value - kink).abs() < margin
        near |= close.transpose(0, 1).flatten(1).any(1)
    return near


def settle(model, x):
    """Moves biases of a float32 model so that no unit is near a kink for the input x. Returns how
    many channels were moved."""
    model.double()
    settler = _Settler(model)
    with torch.no_grad():
        model(x.double())
    for handle in settler.handles:
        handle.remove()
    model.float()
    return settler.moved
