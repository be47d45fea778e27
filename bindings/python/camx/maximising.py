# SPDX-License-Identifier: Apache-2.0
"""Activation maximisation: an image that excites a class, a channel, a neuron or a layer."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any, Callable, List, Optional, Sequence, Union

import numpy as np
from numpy.typing import NDArray

from . import _structs as s
from ._enums import ObjectiveKind, Preset, choose
from ._library import Handle, call, int32, lib, sized, text
from .errors import ArgumentError, Cancelled, DeadlineError
from .inputs import Input, as_input, input_options
from .methods import Progress, Where, _callback, _catching_ctrl_c, _session
from .model import Model

Frame = Callable[[NDArray[np.uint8], int], Optional[bool]]


@dataclass(frozen=True)
class Objective:
    """What an image is to excite. kind: 'class', 'channel', 'neuron' or 'layer'.

    index: the class (a number or a name) or the channel; layer: None = the default layer; x, y: the
    place of a neuron, None = the middle.
    """

    kind: Union[str, int, ObjectiveKind] = "class"
    index: Union[int, str] = 0
    layer: Optional[str] = None
    x: Optional[int] = None
    y: Optional[int] = None
    weight: float = 1.0

    def _to_c(self, model: Model) -> s.camx_objective:
        result = s.camx_objective()
        lib.camx_objective_init(*sized(result))
        result.kind = int(choose(ObjectiveKind, self.kind, "the kind of the objective"))
        number = model.find_class(self.index) if isinstance(self.index, str) else self.index
        result.index = int32(number, "the index")
        result.layer = text(self.layer, "the layer")
        result.x = -1 if self.x is None else int32(self.x, "x")
        result.y = -1 if self.y is None else int32(self.y, "y")
        result.weight = float(self.weight)
        return result


ObjectiveLike = Union[int, str, Objective, Sequence[Union[int, str, Objective]]]


def maximise(
    where: Where,
    objective: ObjectiveLike,
    *,
    start: Any = None,
    frame: Optional[Frame] = None,
    frame_every: int = 10,
    progress: Optional[Progress] = None,
    deadline: float = 0.0,
    seed: int = 0,
    steps: Optional[int] = None,
    octaves: int = 0,
    preset: Union[None, str, int, Preset] = None,
    preparation: Any = None,
    **settings: float,
) -> Input:
    """An image that excites `objective`: a class (number or name), an Objective, or a list of
    these, whose weighted sum counts. The image becomes the session's last input; .pixels() shows it.

    start: None = noise, or a photograph (anything x may be). frame: called as frame(image, step)
        with a uint8 array [height, width, 3] before the first step and after every frame_every;
        returning False stops. steps, seed, octaves, and as further keywords rate, smoothness,
        noise, jitter, rotation, scale, grain, blur, total_variation, l2, norm: see camx.h
        for what they mean and their defaults. preset, preparation: how the network's pixels are
        scaled, and their size, as in Model.preprocess (a dict of its keywords); not with start.

    Cancelled and DeadlineError have the image so far as .partial.
    """
    session = _session(where)
    items = objective if isinstance(objective, (list, tuple)) else [objective]
    chosen = [o if isinstance(o, Objective) else Objective("class", o) for o in items]
    specs = [o._to_c(session.model) for o in chosen]
    wanted = (ctypes.POINTER(s.camx_objective) * len(specs))(*map(ctypes.pointer, specs))
    options = s.camx_maximise_options()
    lib.camx_maximise_options_init(*sized(options))
    begin = as_input(session.model, start)
    options.start = None if begin is None else begin._pointer
    if preset is not None or preparation is not None:
        prepared = input_options(session.model, preset, preparation or {})
        options.preparation = ctypes.pointer(prepared)
    options.seed = seed
    options.steps = options.steps if steps is None else int32(steps, "steps")
    options.octaves = int32(octaves, "octaves")
    options.deadline = deadline
    for name, value in settings.items():
        if name not in _SETTINGS:
            raise TypeError(f"maximise() has no setting {name!r}; there are {', '.join(_SETTINGS)}")
        setattr(options, name, float(value))
    pending: List[BaseException] = []
    options.progress = _callback(progress, pending)
    if frame is not None:
        options.frame_every = int32(frame_every, "frame_every")
        options.frame = _frame_callback(frame, pending)
    pointer = ctypes.c_void_p()

    def made() -> Optional[Input]:
        if not pointer.value:
            return None
        handle = Handle(pointer.value, lib.camx_input_release, session.model._handle)
        return Input(handle, session.model)

    with session._busy() as own, _catching_ctrl_c(pending):
        try:
            call(lib.camx_maximise, own, wanted, len(specs), ctypes.byref(options), ctypes.byref(pointer))
        except (Cancelled, DeadlineError) as stopped:
            stopped.partial = made()
            session._input, session._lost = stopped.partial, False
            if not pending:
                raise
        except BaseException:
            session._input, session._lost = None, True
            raise
        if pending:
            raise pending[0]
        result = made()
        assert result is not None
        session._input, session._lost = result, False
        return result


_SETTINGS = (
    "rate", "smoothness", "noise", "jitter", "rotation", "scale", "grain", "blur",
    "total_variation", "l2", "norm",
)  # fmt: skip


def _frame_callback(frame: Frame, pending: List[BaseException]) -> Any:
    def show(pixels: Any, step: int, _user: Any) -> int:
        try:
            shown = pixels.contents
            view = np.ctypeslib.as_array(shown.data, (shown.height, shown.width, 3))
            return int(frame(view.copy(), step) is False or bool(pending))
        except BaseException as error:
            pending.append(error)
            return 1

    return s.frame_fn(show)
