# SPDX-License-Identifier: Apache-2.0
"""The methods: cam, gradcam, gradcampp, occlusion, explain (any of them by name), explain_many (several
targets and layers at once), and explain_stages (layer progression).

All take a session, or a model (which then uses one session of its own, shared by all such
calls), and return a new Map. Parameters they share:

x: a camx.Input, uint8 pixels [height, width, 3] (prepared by the model's own preprocessing), or
    a float tensor [N, C, H, W]; None = the session's last input, without running the network again.
target: None = the top class of each image; a class number or name; a list of one per image; a
    camx.Target.
layer: a layer's name (see camx.Session); None = the default layer.
"""

from __future__ import annotations

import contextlib
import ctypes
import signal
import threading
from types import FrameType
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple, Union

import numpy as np

from . import _structs as s
from ._enums import Channels, Edge, Fill, GradcamppRule, Method, Quadrature, Reuse, Score, choose
from ._library import call, int32, lib, python_text, sized, text
from .errors import ArgumentError, Cancelled, DeadlineError, MethodError, StateError
from .inputs import as_input, rgb_bytes
from .maps import Map, new_map
from .model import Model
from .session import Session
from .targets import as_target

Where = Union[Session, Model]
Progress = Callable[[int, int], Optional[bool]]
Pair = Union[int, Tuple[int, int]]
FillLike = Union[str, float, Sequence[int]]


def cam(where: Where, x: Any = None, target: Any = None) -> Map:
    """Class activation mapping (Zhou et al., CVPR 2016), for networks that end in a global
    average pool and one dense layer; others are refused with MethodError and the reason. The
    map's mean plus the bias is the logit."""
    options = s.camx_cam_options()
    lib.camx_cam_options_init(*sized(options))
    return _compute(where, lib.cam_compute, x, target, options)


def gradcam(where: Where, x: Any = None, target: Any = None, layer: Optional[str] = None) -> Map:
    """Grad-CAM (Selvaraju et al., ICCV 2017) at any layer. The raw map is signed: the paper's
    ReLU is part of the scalings of Map.scaled and Map.render."""
    options = s.camx_gradcam_options()
    lib.camx_gradcam_options_init(*sized(options))
    options.layer = text(layer, "the layer")
    return _compute(where, lib.gradcam_compute, x, target, options)


def gradcampp(
    where: Where,
    x: Any = None,
    target: Any = None,
    layer: Optional[str] = None,
    *,
    rule: Union[str, int, GradcamppRule] = "paper",
) -> Map:
    """Grad-CAM++ (Chattopadhyay et al., WACV 2018). rule: 'paper' (eq. 19), or 'mean_positive',
    the simpler mean of the positive gradients that articles teach under this name."""
    options = s.camx_gradcampp_options()
    lib.camx_gradcampp_options_init(*sized(options))
    options.rule = int(choose(GradcamppRule, rule, "the rule"))
    options.layer = text(layer, "the layer")
    return _compute(where, lib.gradcampp_compute, x, target, options)


def occlusion(
    where: Where,
    x: Any = None,
    target: Any = None,
    *,
    patch: Pair = 0,
    stride: Pair = 0,
    sizes: Optional[Sequence[int]] = None,
    fill: Optional[FillLike] = None,
    blur_sigma: float = 0.0,
    edge: Union[None, str, int, Edge] = None,
    reuse: Union[bool, str, int, Reuse] = True,
    score: Union[None, str, int, Score] = None,
    preset: Optional[str] = None,
    progress: Optional[Progress] = None,
    deadline: float = 0.0,
) -> Map:
    """Occlusion (Zeiler & Fergus, ECCV 2014): how far the score falls when a patch is covered.
    The map has the network input's size.

    patch, stride: pixels of the network's input, one number or (width, height); 0 = the defaults
        (a seventh of the shorter side; half the patch).
    sizes: several square patches instead of one; the result is the mean of their maps.
    fill: a colour (red, green, blue) of 0 .. 255 (default 128, 128, 128), 'blur' (the picture
        itself, blurred with blur_sigma pixels; 0 = half the patch), or one number in the
        network's own scale.
    edge: 'crop' (default), 'flush' or 'centred': what happens at the right and lower edge.
    reuse: True ('auto': recompute only what can see the patch, where that saves work), False
        ('off': a whole run for every position), or 'always'. The maps are the same.
    score: 'probability' (default) or 'logit'. preset: 'captum' = captum.attr.Occlusion's
        conventions (fill 0 in the network's scale, crop, logit).
    progress: called now and then as progress(done, total), only on the calling thread. Returning
        False stops the call with Cancelled, whose .partial holds the map so far; an exception
        raised inside stops it too and comes out of this call.
    deadline: seconds for the whole call, 0 = none; DeadlineError when they are up, with .partial
        as well.

    Ctrl-C works during the call, with or without a progress callback.
    """
    options = _occlusion_options(preset, patch, stride, sizes, fill, edge, reuse)
    options.blur_sigma = blur_sigma
    options.deadline = deadline
    spec = _occlusion_target(target, score, preset)
    return _compute(where, lib.occlusion_map, x, spec, options, progress)


def occlusion_many(
    where: Where,
    x: Any = None,
    targets: Sequence[Any] = (None,),
    *,
    patch: Pair = 0,
    stride: Pair = 0,
    sizes: Optional[Sequence[int]] = None,
    fill: Optional[FillLike] = None,
    blur_sigma: float = 0.0,
    edge: Union[None, str, int, Edge] = None,
    reuse: Union[bool, str, int, Reuse] = True,
    score: Union[None, str, int, Score] = None,
    preset: Optional[str] = None,
    progress: Optional[Progress] = None,
    deadline: float = 0.0,
) -> List[Map]:
    """Occlusion for several targets from the same runs: result[t] is the Map of targets[t]. The
    other arguments are those of occlusion."""
    options = _occlusion_options(preset, patch, stride, sizes, fill, edge, reuse)
    options.blur_sigma = blur_sigma
    options.deadline = deadline
    session = _session(where)
    given = as_input(session.model, x)
    rows = _listed(targets, "targets")
    specs = [_occlusion_target(row, score, preset)._to_c(session.model) for row in rows]
    wanted = (ctypes.POINTER(s.camx_target) * len(specs))(*map(ctypes.pointer, specs))
    results = [new_map() for _ in rows]
    places = (ctypes.c_void_p * len(results))(*(result.pointer for result in results))
    pending: List[BaseException] = []
    options.progress = _callback(progress, pending)

    def compute(pointer: int) -> None:
        call(
            lib.camx_occlusion_many,
            pointer,
            None if given is None else given._pointer,
            wanted,
            len(specs),
            ctypes.byref(options),
            places,
        )

    _run(session, given, compute, results, pending)
    return [Map(result) for result in results]


def explain(
    where: Where,
    method: Union[str, int, Method],
    x: Any = None,
    target: Any = None,
    layer: Optional[str] = None,
    *,
    progress: Optional[Progress] = None,
    deadline: float = 0.0,
    samples: int = 0,
    steps: int = 0,
    seed: int = 0,
    noise: float = 0.15,
    channels: Union[str, int, Channels] = "default",
    quadrature: Union[str, int, Quadrature] = "gauss_legendre",
    baseline: Any = None,
    grid: int = 0,
    probability: float = 0.0,
    batch: int = 0,
) -> Map:
    """Any method by name ('gradcam') or number: methods() lists them, docs/methods.md tells about
    each.

    samples, noise, seed: 'smoothgrad' averages over `samples` copies (0 = 50) with normal noise
        of deviation noise x the image's range of values.
    steps, quadrature, baseline: 'integrated_gradients' goes from the baseline (anything x may be;
        None = all zero) to the image in `steps` points (0 = 50) of 'gauss_legendre' or
        'right_riemann'.
    samples, grid, probability, seed: 'rise' draws `samples` masks (0 = 1000) of grid x grid cells
        (0 = 7), each of which shows the picture with this probability (0 = 0.5).
    batch: changed copies that 'scorecam', 'ablationcam', 'reciprocam' and 'rise' run at a time;
        0 = as many as suit the processor's caches.
    channels: how the methods that look at the input ('saliency', 'guided_backprop',
        'guided_gradcam', and those two) make one number of a pixel's channels: 'max_abs', 'sum',
        or 'default'. attributions() gives every channel's.
    """
    settings = dict(
        samples=samples,
        steps=steps,
        noise=noise,
        channels=channels,
        quadrature=quadrature,
        grid=grid,
        probability=probability,
        batch=batch,
    )
    with _explain_options(where, layer, deadline, seed, baseline, settings) as options:
        return _explain(where, method, x, target, options, progress)


def attributions(
    where: Where,
    method: Union[str, int, Method],
    x: Any = None,
    target: Any = None,
    layer: Optional[str] = None,
    *,
    progress: Optional[Progress] = None,
    deadline: float = 0.0,
    seed: int = 0,
    baseline: Any = None,
    **settings: Any,
) -> "np.ndarray[Any, np.dtype[np.float32]]":
    """What the methods that look at the input give for every channel of every pixel, as a float32
    array of the input's shape. Parameters as in explain."""
    with _explain_options(where, layer, deadline, seed, baseline, settings) as options:
        given = as_input(_session(where).model, x)
        shown = given if given is not None else _session(where)._input
        if shown is None:
            raise StateError("no input was given to this session yet: pass one")
        result = np.empty(shown.values.shape, np.float32)
        options.channel_values = result.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        options.channel_value_count = result.size
        _explain(where, method, given, target, options, progress)
        return result


@contextlib.contextmanager
def _explain_options(
    where: Where,
    layer: Optional[str],
    deadline: float,
    seed: int,
    baseline: Any,
    settings: Dict[str, Any],
) -> Iterator[s.camx_explain_options]:
    """The options of camx_explain. The baseline lives as long as the block."""
    options = s.camx_explain_options()
    lib.camx_explain_options_init(*sized(options))
    options.layer = text(layer, "the layer")
    options.deadline = deadline
    options.seed = seed
    rest = dict(settings)
    options.samples = int32(rest.pop("samples", 0), "samples")
    options.steps = int32(rest.pop("steps", 0), "steps")
    options.noise = float(rest.pop("noise", options.noise))
    options.channels = int(choose(Channels, rest.pop("channels", "default"), "channels"))
    options.quadrature = int(
        choose(Quadrature, rest.pop("quadrature", "gauss_legendre"), "the quadrature")
    )
    options.grid = int32(rest.pop("grid", 0), "grid")
    options.probability = float(rest.pop("probability", 0.0))
    options.batch = int32(rest.pop("batch", 0), "batch")
    if rest:
        raise TypeError(f"there is no setting {next(iter(rest))!r}")
    start = as_input(_session(where).model, baseline)
    options.baseline = None if start is None else start._pointer
    yield options


def _explain(
    where: Where,
    method: Union[str, int, Method],
    x: Any,
    target: Any,
    options: s.camx_explain_options,
    progress: Optional[Progress],
) -> Map:
    number = _method_number(method)

    def function(
        session: Any, given: Any, spec: Any, settings: Any, result: Any, error: Any
    ) -> int:
        return int(lib.camx_explain(session, number, given, spec, settings, result, error))

    return _compute(where, function, x, target, options, progress)


def explain_many(
    where: Where,
    method: Union[str, int, Method],
    x: Any = None,
    targets: Sequence[Any] = (None,),
    layers: Sequence[Optional[str]] = (None,),
    *,
    progress: Optional[Progress] = None,
    deadline: float = 0.0,
) -> List[List[Map]]:
    """Several targets at several layers in one call: result[t][l] is the Map of targets[t] at
    layers[l]. The network runs forward once, and gradient methods run backward once per target,
    whatever the number of layers.

    When the call is stopped, the exception's .partial is the last map that holds anything.
    """
    options = s.camx_explain_options()
    lib.camx_explain_options_init(*sized(options))
    options.deadline = deadline
    number = _method_number(method)
    session = _session(where)
    rows, columns = _listed(targets, "targets"), _listed(layers, "layers")
    given = as_input(session.model, x)
    specs = [as_target(target)._to_c(session.model) for target in rows]
    wanted = (ctypes.POINTER(s.camx_target) * len(specs))(*map(ctypes.pointer, specs))
    names = (ctypes.c_char_p * len(columns))(*(text(name, "a layer") for name in columns))
    results = [new_map() for _ in range(len(rows) * len(columns))]
    places = (ctypes.c_void_p * len(results))(*(result.pointer for result in results))
    pending: List[BaseException] = []
    options.progress = _callback(progress, pending)

    def compute(pointer: int) -> None:
        call(
            lib.camx_explain_many,
            pointer,
            number,
            None if given is None else given._pointer,
            wanted,
            len(rows),
            names,
            len(columns),
            ctypes.byref(options),
            places,
        )

    _run(session, given, compute, results, pending)
    maps = [Map(result) for result in results]
    return [maps[i : i + len(columns)] for i in range(0, len(maps), len(columns))]


def explain_stages(
    where: Where,
    method: Union[str, int, Method] = "gradcam",
    x: Any = None,
    target: Any = None,
    *,
    progress: Optional[Progress] = None,
    deadline: float = 0.0,
) -> List[Map]:
    """Layer progression: a Map for every one of Session.stages(), by one forward and one backward
    pass of the network. A session opened with keep='stages' never runs again for it."""
    session = _session(where)
    given = as_input(session.model, x)
    if given is not None:
        session.run(given)  # the stages are those of the input's size
    layers = [stage.name for stage in session.stages()]
    if not layers:
        raise MethodError("the network has no feature map with more than one position")
    rows = explain_many(
        session, method, None, (target,), layers, progress=progress, deadline=deadline
    )
    return rows[0]


def _listed(values: Any, what: str) -> List[Any]:
    """A list of at least one entry; a text would be taken letter by letter."""
    if isinstance(values, (str, bytes)) or not isinstance(values, (list, tuple)):
        raise ArgumentError(f"{what} is {values!r}; give a list")
    if not values:
        raise ArgumentError(f"{what} is an empty list; leave it out for the default")
    return list(values)


def methods() -> Dict[str, str]:
    """Every method of the library: its name and one line on what it is."""
    result: Dict[str, str] = {}
    index = 0
    while True:
        number = lib.camx_method_at(index)
        if number == 0:
            return result
        name = python_text(lib.camx_method_name(number))
        result[name] = python_text(lib.camx_method_summary(number))
        index += 1


def _method_number(method: Union[str, int, Method]) -> int:
    if not isinstance(method, str):
        return int(method)
    number = int(lib.camx_method_by_name(text(method, "the method")))
    if number == 0:
        raise ArgumentError(f"no method is named {method!r}; there are {', '.join(methods())}")
    return number


def _compute(
    where: Where,
    function: Any,
    x: Any,
    target: Any,
    options: Any,
    progress: Optional[Progress] = None,
) -> Map:
    """Runs one method and wraps its map; long ones get a callback, which also lets Ctrl-C
    through."""
    session = _session(where)
    given = as_input(session.model, x)
    spec = as_target(target)._to_c(session.model)
    result = new_map()
    pending: List[BaseException] = []
    if hasattr(options, "progress"):
        options.progress = _callback(progress, pending)

    def compute(pointer: int) -> None:
        call(
            function,
            pointer,
            None if given is None else given._pointer,
            ctypes.byref(spec),
            ctypes.byref(options),
            result.pointer,
        )

    _run(session, given, compute, [result], pending)
    return Map(result)


def _session(where: Where) -> Session:
    if not isinstance(where, (Session, Model)):
        raise ArgumentError(
            f"the first argument is {where!r}; it must be a camx.Session or a camx.Model"
        )
    return where if isinstance(where, Session) else where._default_session()


def _run(
    session: Session,
    given: Any,
    compute: Callable[[int], None],
    results: Sequence[Any],
    pending: List[BaseException],
) -> None:
    """A computation under the session's lock; what was done before a stop goes with its
    exception."""
    with session._busy() as pointer, _catching_ctrl_c(pending):
        try:
            with session._giving(pointer, given):
                compute(pointer)
        except (Cancelled, DeadlineError) as stopped:
            held = [r for r in results if lib.camx_map_image_count(r.pointer) > 0]
            if not pending:
                stopped.partial = Map(held[-1]) if held else None
                raise
    if pending:
        raise pending[0]


def _callback(progress: Optional[Progress], pending: List[BaseException]) -> Any:
    """A C callback around a Python one. Exceptions cannot cross C: they are kept in `pending`."""

    def step(done: int, total: int, _user: Any) -> int:
        try:
            stop = progress is not None and progress(done, total) is False
            return int(stop or bool(pending))
        except BaseException as error:  # KeyboardInterrupt too
            pending.append(error)
            return 1

    return s.progress_fn(step)


@contextlib.contextmanager
def _catching_ctrl_c(pending: List[BaseException]) -> Iterator[None]:
    """Keeps what SIGINT's handler raises in `pending` until the call is over.

    Python runs signal handlers when it next runs Python code: here at the very entry of the callback,
    from where ctypes would drop the exception.
    """
    previous = None
    if threading.current_thread() is threading.main_thread():
        previous = signal.getsignal(signal.SIGINT)
    if not callable(previous):
        yield
        return
    inner = previous

    def handler(number: int, frame: Optional[FrameType]) -> None:
        try:
            inner(number, frame)
        except BaseException as error:
            pending.append(error)

    signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def _pair(value: Pair, what: str) -> Tuple[int, int]:
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise ArgumentError(f"{what} is {value!r}; give one number or (width, height)")
        return int32(value[0], what), int32(value[1], what)
    return int32(value, what), int32(value, what)


def _occlusion_options(
    preset: Optional[str],
    patch: Pair,
    stride: Pair,
    sizes: Optional[Sequence[int]],
    fill: Optional[FillLike],
    edge: Union[None, str, int, Edge],
    reuse: Union[bool, str, int, Reuse],
) -> s.camx_occlusion_options:
    options = s.camx_occlusion_options()
    if preset is None:
        lib.camx_occlusion_options_init(*sized(options))
    elif preset == "captum":
        lib.camx_occlusion_options_captum(*sized(options))
    else:
        raise ArgumentError(f"the preset is {preset!r}; there is only 'captum'")
    options.patch_width, options.patch_height = _pair(patch, "patch")
    options.stride_x, options.stride_y = _pair(stride, "stride")
    if sizes is not None:
        sides = [int32(side, "sizes") for side in sizes]
        options.sizes = (ctypes.c_int32 * len(sides))(*sides)
        options.size_count = len(sides)
    if fill is not None:
        _set_fill(options, fill)
    if edge is not None:
        options.edge = int(choose(Edge, edge, "edge"))
    if reuse is False:
        reuse = Reuse.OFF
    if reuse is not True:
        options.reuse = int(choose(Reuse, reuse, "reuse"))
    return options


def _occlusion_target(
    target: Any, score: Union[None, str, int, Score], preset: Optional[str]
) -> Any:
    spec = as_target(target)
    if score is None and preset == "captum" and spec.score == Score.DEFAULT:
        score = Score.LOGIT
    return spec if score is None else spec.with_score(score)


def _set_fill(options: s.camx_occlusion_options, fill: FillLike) -> None:
    if isinstance(fill, str):
        if fill != "blur":
            raise ArgumentError(
                f"fill is {fill!r}; give 'blur', a colour of three numbers, or one number"
            )
        options.fill = int(Fill.BLUR)
    elif isinstance(fill, (tuple, list)):
        options.fill = int(Fill.COLOUR)
        options.fill_rgb[:3] = list(rgb_bytes(fill, "fill"))
    else:
        options.fill = int(Fill.VALUE)
        options.fill_value = float(fill)  # type: ignore[arg-type]
