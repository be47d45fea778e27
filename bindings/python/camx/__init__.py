# SPDX-License-Identifier: Apache-2.0
"""camx: shows where a trained image classifier (an ONNX file) looked. ctypes and NumPy over
libcamx.

    import camx
    model = camx.Model("net.onnx")
    photo = camx.imread("cat.png")                    # uint8 [height, width, 3], RGB
    heat = camx.gradcam(model, photo)                 # a camx.Map for the top class
    camx.imwrite("heat.png", camx.overlay(photo, heat))

Sizes are given as width, height, in pixels; arrays are [height, width, ...] as NumPy people expect.
Threads: models, inputs and maps may be used by several threads at once; a session computes one
    thing at a
time and lets other threads wait.
"""

from __future__ import annotations

from ._enums import (
    BoxOrder,
    BoxThreshold,
    Channels,
    Colormap,
    Edge,
    Fill,
    Filter,
    Finding,
    Fit,
    Gemm,
    GradcamppRule,
    Keep,
    Method,
    ObjectiveKind,
    OutputKind,
    PixelFormat,
    Preset,
    Quadrature,
    Reuse,
    Scaling,
    Score,
    Status,
    StepKind,
    TargetKind,
)
from ._library import lib as _lib
from ._library import library_path
from ._library import python_text as _python_text
from ._version import __version__
from .boxes import Box, Focus, draw_boxes, iou
from .errors import (
    ArgumentError,
    Cancelled,
    DeadlineError,
    Error,
    FileError,
    FormatError,
    InternalError,
    LimitError,
    MethodError,
    NotFoundError,
    OutOfMemoryError,
    ShapeError,
    StateError,
    UnsupportedError,
)
from .files import imread, imwrite
from .inputs import Input
from .maps import Map, MapInfo
from .maximising import Objective, maximise
from .methods import (
    attributions,
    cam,
    explain,
    explain_many,
    explain_stages,
    gradcam,
    gradcampp,
    methods,
    occlusion,
    occlusion_many,
)
from .model import Model, ModelInfo
from .pictures import colormaps, colours, overlay, sheet
from .session import ClassScore, LayerInfo, Session, SessionStats, StepProfile
from .targets import Target


def version() -> str:
    """The version of the libcamx that is loaded."""
    return _python_text(_lib.camx_version())


def build_info() -> str:
    """One line for bug reports: version, instruction set in use, GEMM back ends."""
    return _python_text(_lib.camx_build_info())


# fmt: off
__all__ = [
    "ArgumentError", "Box", "BoxOrder", "BoxThreshold", "Cancelled", "Channels", "ClassScore",
    "Colormap", "DeadlineError", "Edge", "Error", "FileError", "Fill", "Filter", "Finding",
    "Fit", "Focus", "FormatError", "Gemm", "GradcamppRule", "Input", "InternalError", "Keep",
    "LayerInfo", "LimitError", "Map", "MapInfo", "Method", "MethodError", "Model", "ModelInfo",
    "NotFoundError", "Objective", "ObjectiveKind", "OutOfMemoryError", "OutputKind",
    "PixelFormat", "Preset", "Quadrature", "Reuse", "Scaling", "Score", "Session",
    "SessionStats", "ShapeError", "StateError", "Status", "StepKind", "StepProfile", "Target",
    "TargetKind", "UnsupportedError", "__version__", "attributions", "build_info", "cam",
    "colormaps", "colours", "draw_boxes", "explain", "explain_many", "explain_stages",
    "gradcam", "gradcampp", "imread", "imwrite", "iou", "library_path", "maximise", "methods",
    "occlusion", "occlusion_many", "overlay", "sheet", "version",
]
# fmt: on
