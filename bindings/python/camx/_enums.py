# SPDX-License-Identifier: Apache-2.0
"""The enums of camx.h as IntEnums. Numbers are permanent; a test compares every one with the
header."""

from __future__ import annotations

import enum
from typing import Type, TypeVar, Union


class Status(enum.IntEnum):
    """camx_status: what went wrong, in kinds that a program can act on."""

    OK = 0
    ARGUMENT = 1
    MEMORY = 2
    IO = 3
    FORMAT = 4
    UNSUPPORTED = 5
    LIMIT = 6
    SHAPE = 7
    NOT_FOUND = 8
    METHOD = 9
    CANCELLED = 10
    DEADLINE = 11
    STATE = 12
    INTERNAL = 13


class OutputKind(enum.IntEnum):
    """camx_output_kind: how the network ends."""

    LOGITS = 0
    SOFTMAX = 1
    SIGMOID = 2


class Keep(enum.IntEnum):
    """camx_keep: what a session keeps after running forward."""

    TARGETS = 0
    SPATIAL = 1
    ALL = 2
    STAGES = 3


class Gemm(enum.IntEnum):
    """camx_gemm: which matrix product does the work."""

    AUTO = 0
    PACKED = 1
    BLAS = 2
    BUILTIN = 3


class StepKind(enum.IntEnum):
    """camx_step_kind: what a step of a profile does."""

    FORWARD = 0
    COPY = 1
    BACKWARD = 2
    SUM = 3


class PixelFormat(enum.IntEnum):
    """camx_pixel_format: the order of 8-bit samples in memory."""

    RGB = 0
    BGR = 1
    RGBA = 2
    BGRA = 3
    GREY = 4


class Fit(enum.IntEnum):
    """camx_fit: how a picture becomes the network's size."""

    CROP = 0
    STRETCH = 1
    LETTERBOX = 2


class Filter(enum.IntEnum):
    """camx_filter: how a picture is resized."""

    BILINEAR = 0
    BICUBIC = 1
    BILINEAR_PLAIN = 2
    NEAREST = 3


class Preset(enum.IntEnum):
    """camx_preset: ready-made preprocessing."""

    AUTO = 0
    IMAGENET = 1
    TF = 2
    UNIT = 3


class Score(enum.IntEnum):
    """camx_score: before or after the softmax; DEFAULT is what the method's description says."""

    DEFAULT = 0
    LOGIT = 1
    PROBABILITY = 2


class TargetKind(enum.IntEnum):
    """camx_target_kind: what is to be explained."""

    TOP = 0
    CLASS = 1
    PAIR = 2
    SEED = 3


class Finding(enum.IntEnum):
    """camx_finding: HEAT, or the reason why there is nothing (or not everything) to see."""

    HEAT = 0
    ALL_NEGATIVE = 1
    ZERO_GRADIENT = 2
    NOT_FINITE = 3
    DISCONNECTED = 4
    FLAT = 5
    PARTIAL = 6


class Scaling(enum.IntEnum):
    """camx_scaling: how raw values become 0 .. 1 (SIGNED: -1 .. 1)."""

    PGC = 0
    RAW = 1
    POSITIVE = 2
    MINMAX = 3
    SIGNED = 4


class BoxThreshold(enum.IntEnum):
    """camx_box_threshold: which pixels are hot."""

    SHARE = 0
    OTSU = 1


class BoxOrder(enum.IntEnum):
    """camx_box_order: which box stands first."""

    AREA = 0
    MASS = 1
    MEAN = 2
    PEAK = 3


class GradcamppRule(enum.IntEnum):
    """camx_gradcampp_rule: how Grad-CAM++ weighs a channel."""

    PAPER = 0
    MEAN_POSITIVE = 1


class Fill(enum.IntEnum):
    """camx_fill: what covers an occluded patch."""

    COLOUR = 0
    BLUR = 1
    VALUE = 2


class Edge(enum.IntEnum):
    """camx_edge: what happens to the occlusion grid at the right and lower edge."""

    CROP = 0
    FLUSH = 1
    CENTRED = 2


class Reuse(enum.IntEnum):
    """camx_reuse: whether occlusion reuses the run of the uncovered picture."""

    OFF = 0
    AUTO = 1
    ALWAYS = 2


class Method(enum.IntEnum):
    """camx_method: the methods by number."""

    CAM = 1
    GRADCAM = 2
    GRADCAMPP = 3
    OCCLUSION = 4
    HIRESCAM = 5
    LAYERCAM = 6
    XGRADCAM = 7
    ELEMENTWISE = 8
    EIGENCAM = 9
    EIGENGRADCAM = 10
    SCORECAM = 11
    ABLATIONCAM = 12
    RECIPROCAM = 13
    FULLGRAD = 14
    SALIENCY = 15
    GUIDED_BACKPROP = 16
    GUIDED_GRADCAM = 17
    SMOOTHGRAD = 18
    INTEGRATED_GRADIENTS = 19
    RISE = 20


class Channels(enum.IntEnum):
    """camx_channels: how the numbers of a pixel's channels become one."""

    DEFAULT = 0
    MAX_ABS = 1
    SUM = 2


class Quadrature(enum.IntEnum):
    """camx_quadrature: where integrated gradients are taken on the path."""

    GAUSS_LEGENDRE = 0
    RIGHT_RIEMANN = 1


class ObjectiveKind(enum.IntEnum):
    """camx_objective_kind: what activation maximisation excites."""

    CLASS = 0
    CHANNEL = 1
    NEURON = 2
    LAYER = 3


class Colormap(enum.IntEnum):
    """camx_colormap: colours for values of 0 .. 1 (RDBU: -1 .. 1)."""

    TURBO = 0
    JET = 1
    VIRIDIS = 2
    INFERNO = 3
    CIVIDIS = 4
    GREY = 5
    RDBU = 6


E = TypeVar("E", bound=enum.IntEnum)


def choose(kind: Type[E], value: Union[str, int, E], what: str) -> E:
    """The member of `kind` that a user's text ("blas") or number means; ArgumentError lists the
    choices."""
    from .errors import ArgumentError

    try:
        if isinstance(value, str):
            return kind[value.strip().upper().replace("-", "_")]
        return kind(value)
    except (KeyError, ValueError, TypeError):
        choices = ", ".join(repr(member.name.lower()) for member in kind)
        raise ArgumentError(f"{what} is {value!r}; choose one of {choices}") from None
