# SPDX-License-Identifier: Apache-2.0
"""camx.Model: an opened ONNX classifier."""

from __future__ import annotations

import collections
import ctypes
import os
import threading
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Tuple, Union

import numpy as np

from . import _structs as s
from ._enums import OutputKind, PixelFormat, Preset
from ._library import Handle, call, create, lib, python_text, sized, text
from .errors import ArgumentError, FileError, NotFoundError

if TYPE_CHECKING:
    from .inputs import Input
    from .session import LayerInfo, Session

Source = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview]


@dataclass(frozen=True)
class ModelInfo:
    """What the file says about itself."""

    input_name: str
    output_name: str
    input_shape: Tuple[int, ...]
    """As in the file; -1 = free."""
    channels_last: bool
    """True: the network takes [N, H, W, C]."""
    channels: int
    """Of the input image."""
    default_width: int
    """The input size used when none is named, in pixels."""
    default_height: int
    opset: int
    ir_version: int
    node_count: int
    class_count: int
    weight_bytes: int
    producer: str
    """Who wrote the file; '' if not said."""
    output_kind: OutputKind


class Model:
    """A trained classifier from an ONNX file.

    source: the path of a file, or its bytes. `bytes` are used in place (not copied).
    Options: external_data (bool), max_memory, max_file_bytes, max_multiply_adds, max_nodes,
        max_name_bytes:
    see camx_model_options in camx.h; 0 = no limit for max_memory.

    May be used by any number of threads and sessions at once. A Model can be pickled (a path is
    stored as an absolute path, bytes as themselves) and is then opened again; within one process
    all unpickled copies of a file share one set of weights.
    """

    def __init__(self, source: Source, **options: Any) -> None:
        self._options = dict(options)
        self._default: Optional["Session"] = None
        self._default_lock = threading.Lock()
        settings = _model_options(options)
        self._path: Optional[str] = None
        self._bytes: Optional[bytes] = None
        if isinstance(source, (bytes, bytearray, memoryview)):
            self._bytes = bytes(source)  # bytes themselves are not copied by this
            settings.copy = 0
            self._handle = create(
                lib.camx_model_open_memory,
                lib.camx_model_release,
                self._bytes,
                len(self._bytes),
                ctypes.byref(settings),
                keep=self._bytes,
            )
        else:
            self._path = os.path.abspath(os.fspath(source))
            encoded = os.fsencode(os.fspath(source))
            if b"\0" in encoded:
                raise ArgumentError(f"the path {source!r} contains a NUL character")
            self._handle = create(
                lib.camx_model_open, lib.camx_model_release, encoded, ctypes.byref(settings)
            )
        self._info = _read_info(self._handle)
        self._metadata: Optional[Dict[str, str]] = None
        self._labels: Optional[List[str]] = None

    @property
    def _pointer(self) -> Optional[int]:
        return self._handle.pointer

    @property
    def path(self) -> Optional[str]:
        """The absolute path of the file; None for a model from bytes."""
        return self._path

    @property
    def info(self) -> ModelInfo:
        """Names, shapes, sizes, opset, producer."""
        return self._info

    @property
    def class_count(self) -> int:
        """How many classes the network tells apart."""
        return int(lib.camx_model_class_count(self._pointer))

    @property
    def metadata(self) -> Mapping[str, str]:
        """The file's metadata, key -> text."""
        if self._metadata is None:
            found: Dict[str, str] = {}
            index = 0
            while True:
                key = lib.camx_model_metadata_key(self._pointer, index)
                if key is None:
                    break
                found[python_text(key)] = python_text(lib.camx_model_metadata(self._pointer, key))
                index += 1
            self._metadata = found
        return dict(self._metadata)

    @property
    def labels(self) -> Optional[List[str]]:
        """The class names from the file's metadata ('' for a class without one), or None if it
        names none."""
        if self._labels is None:
            names = [lib.camx_model_class_name(self._pointer, i) for i in range(self.class_count)]
            self._labels = [python_text(name) for name in names] if any(names) else []
        return list(self._labels) or None

    def label(self, class_index: int) -> str:
        """The name of a class, '' if the file has none."""
        if class_index < 0:
            return ""
        return python_text(lib.camx_model_class_name(self._pointer, class_index))

    def find_class(self, label: str) -> int:
        """The number of the class with this name (case does not matter; a part between commas is
        enough: 'tabby' finds 'tabby, tabby cat'). NotFoundError suggests near names."""
        return _find_label(self.labels, label)

    def preprocess(
        self,
        photo: Any,
        preset: Union[str, int, Preset] = "auto",
        *,
        format: Union[None, str, int, PixelFormat] = None,
        **overrides: Any,
    ) -> "Input":
        """An Input from 8-bit pixels.

        photo: uint8 [height, width, 3] in RGB order ([h, w, 4] RGBA, [h, w] grey), or anything
            NumPy makes such an array of (a Pillow image). Read in place whatever its row stride.
        preset: 'auto' (the model's metadata; what it does not say, as 'imagenet'), 'imagenet',
            'tf', 'unit'.
        format: the order of the samples, when it is not RGB: 'bgr', 'bgra', ...
        overrides, each replacing what the preset says: size (side, or (width, height)), width,
        height, resize
            (shorter side before cropping), fit ('crop', 'stretch', 'letterbox'), filter
            ('bilinear', 'bicubic', 'bilinear_plain', 'nearest'), mean and std (in units of 0 ..
            255, one number or one per channel), bgr (the network wants blue first), fill
            (letterbox colour).

        Input.description says in one sentence what was done.
        """
        from .inputs import Input

        return Input.from_pixels(self, photo, preset, format=format, **overrides)

    def session(self, **options: Any) -> "Session":
        """A new session; the options are those of camx.Session."""
        from .session import Session

        return Session(self, **options)

    def layers(self, size: Union[None, int, Tuple[int, int]] = None) -> List["LayerInfo"]:
        """Every value of the network in the order of execution.

        size: (width, height) or one side of the input; None = the default size. Another size
            than the
        default runs the network once on zeros, because shapes are known when an input comes.
        """
        session = self.session()
        try:
            if size is not None:
                session.run(self._zeros(size))
            return session.layers()
        finally:
            session.close()

    def _zeros(self, size: Union[int, Tuple[int, int]]) -> "Input":
        from .inputs import Input

        width, height = size if isinstance(size, tuple) else (size, size)
        sides = (height, width, self.info.channels)
        shape = sides if self.info.channels_last else (sides[2], sides[0], sides[1])
        return Input.from_floats(self, np.zeros((1, *shape), dtype=np.float32))

    def _default_session(self) -> "Session":
        """The session that functions use when they are given a model. It refers to a twin of
        this object, so that the two do not keep each other alive."""
        from .session import Session

        with self._default_lock:
            if self._default is None:
                twin = object.__new__(Model)
                twin.__dict__.update(self.__dict__)
                twin._default_lock = threading.Lock()
                self._default = Session(twin)
            return self._default

    def __repr__(self) -> str:
        where = f"{len(self._bytes)} bytes" if self._bytes is not None else self._path
        return f"<camx.Model {where}: {self.class_count} classes, {self.info.node_count} nodes>"

    def __reduce__(self) -> Any:
        if self._bytes is not None:
            return _reopen_bytes, (self._bytes, self._options)
        assert self._path is not None
        try:
            size = os.path.getsize(self._path)
        except OSError:
            size = -1
        return _reopen_path, (self._path, size, self._options)


_reopened: "weakref.WeakValueDictionary[Any, Model]" = weakref.WeakValueDictionary()
_recent: "collections.deque[Model]" = collections.deque(maxlen=2)
_reopened_lock = threading.Lock()


def _reopen_path(path: str, size: int, options: Dict[str, Any]) -> Model:
    """Unpickling: opens the file again, once per process; the last two stay open, because a worker
    that gets a model with every task would otherwise open it for every task."""
    if size >= 0 and os.path.exists(path) and os.path.getsize(path) != size:
        raise FileError(
            f"the model {path} has changed since it was pickled: {size} bytes then, "
            f"{os.path.getsize(path)} now"
        )
    key = (path, size, tuple(sorted(options.items())))
    with _reopened_lock:
        model = _reopened.get(key)
        if model is None:
            model = _reopened[key] = Model(path, **options)
        if model not in _recent:
            _recent.append(model)
        return model


def _reopen_bytes(content: bytes, options: Dict[str, Any]) -> Model:
    return Model(content, **options)


_LIMITS = ("max_memory", "max_file_bytes", "max_multiply_adds", "max_nodes", "max_name_bytes")


def _model_options(options: Mapping[str, Any]) -> s.camx_model_options:
    result = s.camx_model_options()
    lib.camx_model_options_init(*sized(result))
    for name, value in options.items():
        if name == "external_data":
            result.external_data = int(bool(value))
        elif name in _LIMITS:
            number = int(value)
            if number < 0 or number >= 1 << (8 * getattr(s.camx_model_options, name).size):
                raise ArgumentError(f"{name} is {value}; it is out of range")
            setattr(result, name, number)
        else:
            raise TypeError(
                f"unknown model option {name!r}; there are external_data, " + ", ".join(_LIMITS)
            )
    return result


def _read_info(handle: Handle) -> ModelInfo:
    raw = s.camx_model_info(struct_size=ctypes.sizeof(s.camx_model_info))
    call(lib.camx_model_get_info, handle.pointer, ctypes.byref(raw))
    return ModelInfo(
        input_name=python_text(raw.input_name),
        output_name=python_text(raw.output_name),
        input_shape=tuple(raw.input_shape),
        channels_last=bool(raw.channels_last),
        channels=raw.channels,
        default_width=raw.default_width,
        default_height=raw.default_height,
        opset=raw.opset,
        ir_version=raw.ir_version,
        node_count=raw.node_count,
        class_count=raw.class_count,
        weight_bytes=raw.weight_bytes,
        producer=python_text(raw.producer),
        output_kind=OutputKind(raw.output_kind),
    )


def _find_label(labels: Optional[List[str]], label: str) -> int:
    import difflib

    if not labels:
        raise NotFoundError(
            f"the model names no classes, so {label!r} cannot be looked up; give the class's number"
        )
    wanted = label.strip().casefold()
    parts: Dict[str, int] = {}
    for index, name in enumerate(labels):
        parts.setdefault(name.casefold(), index)
    for index, name in enumerate(labels):
        for part in name.split(","):
            parts.setdefault(part.strip().casefold(), index)
    if wanted and wanted in parts:
        return parts[wanted]
    near = [labels[parts[part]] for part in difflib.get_close_matches(wanted, list(parts), 3)]
    hint = "; near names are " + ", ".join(repr(name) for name in near) if near else ""
    raise NotFoundError(f"no class is named {label!r}{hint}")
