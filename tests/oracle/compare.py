# SPDX-License-Identifier: Apache-2.0
"""The rule by which libcamx agrees with PyTorch, and the rows of the table.

The float64 reference is the referee. A normalised map may differ by max(1e-4, 3 times what float32
PyTorch differs), and so may the raw map relative to its largest value: the raw comparison also
sees what the ReLU hides. Maps whose positive part is zero or flat are degenerate: scaling them
shows rounding errors, so only the raw comparison counts.
"""

from dataclasses import asdict, dataclass

import numpy as np
from reference import is_degenerate, normalised_error, relative_error

TOLERANCE = 1e-4
FACTOR = 3.0


@dataclass
class Row:
    network: str
    exporter: str
    method: str
    layer: str
    max_error: float
    allowed: float
    degenerate: bool = False
    raw_error: float = 0.0
    raw_allowed: float = 0.0
    note: str = ""

    @property
    def passed(self):
        # Written so that NaN fails.
        scaled = self.degenerate or self.max_error <= self.allowed
        return bool(scaled and self.raw_error <= self.raw_allowed)

    def as_json(self):
        return asdict(self) | {"passed": self.passed}


def allowed(float32_error):
    return max(TOLERANCE, FACTOR * float32_error)


def compare_map(label, got, f32, f64):
    """A Grad-CAM or Grad-CAM++ map: normalised as pytorch-grad-cam does, and raw."""
    if np.shape(got) != f64.shape:
        return Row(*label, float("inf"), 0.0, note=f"shape {np.shape(got)} instead of {f64.shape}")
    return Row(
        *label,
        normalised_error(got, f64),
        allowed(normalised_error(f32, f64)),
        is_degenerate(f64),
        relative_error(got, f64),
        allowed(relative_error(f32, f64)),
    )


def compare_raw(label, got, f32, f64):
    """CAM and occlusion: signed maps, relative to their largest value."""
    error, limit = relative_error(got, f64), allowed(relative_error(f32, f64))
    return Row(*label, error, limit, False, error, limit)


def compare_logits(label, got, want):
    error = relative_error(got, want)
    return Row(*label, error, TOLERANCE, False, error, TOLERANCE)


def compare_fact(label, holds, note):
    """Something that is right or wrong: error 0 or 1."""
    error = 0.0 if holds else 1.0
    return Row(*label, error, 0.0, False, error, 0.0, "" if holds else note)
