# SPDX-License-Identifier: Apache-2.0
"""camx.Session: runs a model and holds its activations."""

from __future__ import annotations

import contextlib
import ctypes
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Iterator, List, NoReturn, Optional, Sequence, Tuple, Type, Union

import numpy as np
from numpy.typing import NDArray

from . import _arrays
from . import _structs as s
from ._enums import Gemm, Keep, Score, StepKind, choose
from ._library import call, create, int32, lib, python_text, sized, text
from .errors import ArgumentError, StateError
from .inputs import Input, as_input
from .model import Model
from .targets import as_target


@dataclass(frozen=True)
class LayerInfo:
    """One value (tensor) of the network."""

    index: int
    """Its number: `'#<index>'` names it too."""
    name: str
    node: str
    """The node that makes it, '' if that has no name."""
    op: str
    shape: Tuple[int, ...]
    """For the input size the session is planned for."""
    is_spatial: bool
    """True: a feature map that gradients can reach."""
    is_default: bool
    channels: int
    """Of a spatial layer, otherwise 0; likewise height and width."""
    height: int
    width: int


@dataclass(frozen=True)
class SessionStats:
    """What a session has done and what it needs."""

    threads: int
    forward_runs: int
    """Whole forward passes so far, one per image."""
    reruns: int
    """Of these, because a value had not been kept."""
    backward_runs: int
    activation_bytes: int
    weight_bytes: int
    """The model's packed weights, shared by all its sessions."""
    multiply_adds: int
    """Of one forward pass of one image."""
    steps: int
    gemm: Gemm


@dataclass(frozen=True)
class ClassScore:
    """One of the best classes of an image."""

    class_index: int
    label: str
    """'' if the model names no classes."""
    logit: float
    probability: float


@dataclass(frozen=True)
class StepProfile:
    """How long one step of the network takes."""

    kind: StepKind
    name: str
    """The value that the step makes or, on the way back, whose gradient it is given."""
    node: str
    op: str
    fused: str
    """What the step does besides, such as 'Add, Relu'; '' = nothing."""
    kernel: str
    """The algorithm chosen for this shape, such as 'winograd4'; '' = there is only one."""
    input_shape: Tuple[int, ...]
    output_shape: Tuple[int, ...]
    seconds: float
    """The median of the runs."""
    fastest: float
    share: float
    """Of the sum of all steps' seconds."""
    operations: int
    """Two per multiply-add of a direct computation; 0 = not counted."""


class Session:
    """Runs a model.

    threads: 0 = CAMX_NUM_THREADS, else OMP_NUM_THREADS, else the processors this process may use.
    keep: what stays after a run beside the scores: 'targets' (the default layer and `layers`),
        'spatial' (every feature map), 'stages' (see stages()), 'all'. Asking for what was not kept runs the network again
        (stats.reruns).
    layers: names of layers to keep from the first run on.
    gemm: 'auto', 'packed', 'blas' or 'builtin'. fusion, exact_conv: for comparisons, see camx.h.
    share_threads: another session whose threads are used too.

    Threads: one session computes one thing at a time. Calls from several Python threads are safe
        and wait
    for one another; to compute at the same time use one session per thread (they share the
    model's weights). The interpreter lock is released while the library computes. A progress
    callback must not call the session it reports on (StateError).

    Layers are named by a value's name in the file, a node's name, '#12' (its number), a scope
    prefix such as 'layer4', or None: the default layer.
    """

    def __init__(
        self,
        model: Model,
        *,
        threads: int = 0,
        keep: Union[str, int, Keep] = "targets",
        layers: Sequence[str] = (),
        gemm: Union[str, int, Gemm] = "auto",
        fusion: bool = True,
        exact_conv: bool = False,
        share_threads: Optional["Session"] = None,
    ) -> None:
        self._lock = threading.Lock()
        self._owner: Optional[int] = None
        self._model = model
        self._input: Optional[Input] = None
        self._lost = False
        options = s.camx_session_options()
        lib.camx_session_options_init(*sized(options))
        options.threads = int32(threads, "threads")
        options.keep = choose(Keep, keep, "keep")
        options.gemm = choose(Gemm, gemm, "gemm")
        options.fusion = int(bool(fusion))
        options.exact_conv = int(bool(exact_conv))
        if isinstance(layers, str):
            layers = (layers,)
        names = (ctypes.c_char_p * len(layers))(*[text(name, "a layer") for name in layers])
        options.layers = names
        options.layer_count = len(layers)
        with contextlib.ExitStack() as stack:
            if share_threads is not None:
                options.share_threads = stack.enter_context(share_threads._busy())
            self._handle = create(
                lib.camx_session_open,
                lib.camx_session_close,
                model._pointer,
                ctypes.byref(options),
                keep=(model._handle, share_threads),
            )

    # Life.

    @contextlib.contextmanager
    def _busy(self) -> Iterator[int]:
        """The session for the length of one call into C; other threads wait, the same one is
        refused."""
        if self._owner == threading.get_ident():
            raise StateError(
                "the session is busy: a progress callback must not use the session it reports on"
            )
        with self._lock:
            self._owner = threading.get_ident()
            try:
                if not self._handle.pointer:
                    raise StateError("the session is closed")
                yield self._handle.pointer
            finally:
                self._owner = None

    def close(self) -> None:
        """Frees the session's memory and threads now instead of when it is garbage. May be
        called twice."""
        if self._owner == threading.get_ident():
            raise StateError(
                "the session is busy: a progress callback must not close the session it reports on"
            )
        with self._lock:
            self._handle.close()
            self._input = None

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a camx.Session cannot be pickled: pickle its model and open a session where it arrives"
        )

    @property
    def model(self) -> Model:
        """The model this session runs."""
        return self._model

    @property
    def input(self) -> Optional[Input]:
        """The last input."""
        return self._input

    @property
    def stats(self) -> SessionStats:
        """Counters and sizes."""
        raw = s.camx_session_stats(struct_size=ctypes.sizeof(s.camx_session_stats))
        with self._busy() as pointer:
            call(lib.camx_session_get_stats, pointer, ctypes.byref(raw))
        fields = {name: getattr(raw, name) for name, *_ in raw._fields_ if name != "struct_size"}
        fields["gemm"] = Gemm(raw.gemm)
        return SessionStats(**fields)

    # Layers.

    def layers(self) -> List[LayerInfo]:
        """Every value of the network in the order of execution, with shapes for the planned
        input size."""
        with self._busy() as pointer:
            count = lib.camx_session_layer_count(pointer)
            return [_layer(pointer, index) for index in range(count)]

    def layer(self, layer: Optional[str] = None) -> LayerInfo:
        """The layer that a name stands for; None = the default layer."""
        with self._busy() as pointer:
            return _find(pointer, layer)

    def stages(self) -> List[LayerInfo]:
        """For every resolution the last feature map that all of the network's work passes through,
        from the first convolution to the default layer (see explain_stages)."""
        with self._busy() as pointer:
            count = lib.camx_session_stage_count(pointer)
            infos = [_describe(pointer, lib.camx_session_get_stage, index) for index in range(count)]
            return [_find(pointer, python_text(info.name)) for info in infos]

    # Running.

    def run(self, x: Any = None) -> None:
        """Runs the network on x, which becomes the session's last input.

        x: a camx.Input, uint8 pixels [height, width, 3], or a float tensor [N, C, H, W]; None =
            only make
        sure that the last input was run.
        """
        given = as_input(self._model, x)
        with self._busy() as pointer, self._giving(pointer, given):
            call(lib.camx_session_run, pointer, None if given is None else given._pointer)

    @contextlib.contextmanager
    def _giving(self, pointer: int, given: Optional[Input]) -> Iterator[None]:
        """Around a call into C that may be given an input: keeps `input` true. A call that fails may
        or may not have taken its input; running it settles that."""
        if given is None:
            self._check_last()
            yield
            return
        try:
            yield
        except BaseException:
            error = s.camx_error()
            status = lib.camx_session_run(pointer, given._pointer, ctypes.byref(error))
            self._input, self._lost = (given, False) if status == 0 else (None, True)
            raise
        self._input, self._lost = given, False

    def _check_last(self) -> None:
        """Refuses to go on with a last input that could not be run."""
        if self._lost:
            raise StateError("the last input could not be run; pass an input again")

    def _scores(self, image: Optional[int], score: Score) -> NDArray[np.float32]:
        count = self._model.class_count
        with self._busy() as pointer:
            self._check_last()
            images = lib.camx_session_image_count(pointer) or 1  # 0: the call says what is missing
            chosen = range(images) if image is None else [_image(image)]
            result = np.empty((len(chosen), count), dtype=np.float32)
            for row, index in enumerate(chosen):
                values = _arrays.floats(result[row])
                call(lib.camx_session_scores, pointer, index, int(score), values, count)
        return result[0] if len(chosen) == 1 else result

    def logits(self, image: Optional[int] = None) -> NDArray[np.float32]:
        """The scores before the softmax: [classes] for one image, [N, classes] for a batch
        (image = None)."""
        return self._scores(image, Score.LOGIT)

    def probabilities(self, image: Optional[int] = None) -> NDArray[np.float32]:
        """The scores after the softmax (sigmoid): [classes] for one image, [N, classes] for a
        batch."""
        return self._scores(image, Score.PROBABILITY)

    def top(self, count: int = 5, image: int = 0) -> List[ClassScore]:
        """The best classes of one image, best first."""
        count = max(0, min(int(count), self._model.class_count))
        best = (s.camx_class_score * max(count, 1))()
        found = ctypes.c_uint32()
        with self._busy() as pointer:
            self._check_last()
            call(lib.camx_session_top, pointer, _image(image), best, count, ctypes.byref(found))
        return [
            ClassScore(c.class_index, self._model.label(c.class_index), c.logit, c.probability)
            for c in best[: found.value]
        ]

    def value(self, layer: Optional[str] = None) -> NDArray[np.float32]:
        """Any value of the last run in ONNX order, all images of the batch."""
        with self._busy() as pointer:
            self._check_last()
            result, name = self._space_for(pointer, layer, self._input)
            call(lib.camx_session_value, pointer, name, _arrays.floats(result), result.size)
        return result

    def gradient(
        self, layer: Optional[str] = None, target: Any = None, x: Any = None
    ) -> NDArray[np.float32]:
        """The gradient of a target with respect to a layer, or to the input by its name, in ONNX
        order.

        target: None (the top class), a class number or name, a list of one per image, or a
            camx.Target.
        x: as in run(); None = the last input.
        """
        given = as_input(self._model, x)
        spec = as_target(target)._to_c(self._model)
        with self._busy() as pointer, self._giving(pointer, given):
            if given is not None and not self._is_planned_for(pointer, given):
                call(lib.camx_session_run, pointer, given._pointer)
            result, name = self._space_for(pointer, layer, self._input if given is None else given)
            values = _arrays.floats(result)
            call(
                lib.camx_session_gradient,
                pointer,
                None if given is None else given._pointer,
                ctypes.byref(spec),
                name,
                values,
                result.size,
            )
        return result

    def profile(
        self,
        x: Any = None,
        *,
        runs: int = 0,
        backward: bool = False,
        layer: Optional[str] = None,
    ) -> List[StepProfile]:
        """How long each step of the network takes, in the order of execution.

        x: as in run(); None = the last input.
        runs: how often the network is run and timed; 0 = 10.
        backward: Grad-CAM's way back from the top class to `layer` (None = the default) too.
        """
        given = as_input(self._model, x)
        options = s.camx_profile_options()
        lib.camx_profile_options_init(*sized(options))
        options.runs = int32(runs, "runs")
        options.backward = int(bool(backward))
        options.layer = text(layer, "the layer")
        with self._busy() as pointer, self._giving(pointer, given):
            chosen = None if given is None else given._pointer
            call(lib.camx_session_profile, pointer, chosen, ctypes.byref(options))
            count = lib.camx_session_profile_count(pointer)
            return [_step(pointer, index) for index in range(count)]

    def _is_planned_for(self, pointer: int, given: Input) -> bool:
        """Whether the layers' shapes already are those for this input, apart from the images."""
        return _find(pointer, self._model.info.input_name).shape[1:] == given.shape[1:]

    def _space_for(
        self, pointer: int, layer: Optional[str], given: Optional[Input]
    ) -> Tuple[NDArray[np.float32], Optional[bytes]]:
        """An array of a layer's shape for all images of an input, and the layer's name for C."""
        if given is None:
            call(lib.camx_session_run, pointer, None)  # says what is missing
        info = _find(pointer, layer)
        images = len(given) if given is not None else 1
        shape = info.shape
        if shape and shape[0] == 1 and images > 1:
            shape = (images, *shape[1:])
        return np.empty(shape, dtype=np.float32), text(layer, "the layer")

    def __repr__(self) -> str:
        state = "closed" if not self._handle.pointer else f"of {self._model!r}"
        return f"<camx.Session {state}>"


def _image(image: int) -> int:
    if not 0 <= image < 2**32:
        raise ArgumentError(f"image is {image}; it must be 0 or more")
    return image


def _describe(pointer: int, function: Any, index: int) -> s.camx_layer_info:
    raw = s.camx_layer_info(struct_size=ctypes.sizeof(s.camx_layer_info))
    call(function, pointer, index, ctypes.byref(raw))
    return raw


def _layer(pointer: int, index: int) -> LayerInfo:
    raw = _describe(pointer, lib.camx_session_get_layer, index)
    return LayerInfo(
        index=index,
        name=python_text(raw.name),
        node=python_text(raw.node),
        op=python_text(raw.op),
        shape=tuple(raw.shape[: raw.rank]),
        is_spatial=bool(raw.is_spatial),
        is_default=bool(raw.is_default),
        channels=raw.channels,
        height=raw.height,
        width=raw.width,
    )


def _step(pointer: int, index: int) -> StepProfile:
    raw = s.camx_profile_row(struct_size=ctypes.sizeof(s.camx_profile_row))
    call(lib.camx_session_get_profile_row, pointer, index, ctypes.byref(raw))
    return StepProfile(
        kind=StepKind(raw.kind),
        name=python_text(raw.name),
        node=python_text(raw.node),
        op=python_text(raw.op),
        fused=python_text(raw.fused),
        kernel=python_text(raw.kernel),
        input_shape=tuple(raw.input_shape[: raw.input_rank]),
        output_shape=tuple(raw.output_shape[: raw.output_rank]),
        seconds=raw.seconds,
        fastest=raw.fastest,
        share=raw.share,
        operations=raw.operations,
    )


def _find(pointer: int, layer: Optional[str]) -> LayerInfo:
    index = ctypes.c_uint32()
    call(lib.camx_session_find_layer, pointer, text(layer, "the layer"), ctypes.byref(index))
    return _layer(pointer, index.value)
