# SPDX-License-Identifier: Apache-2.0
"""camx.Input: an immutable snapshot of what goes into the network."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, NoReturn, Optional, Sequence, Tuple, Union

import numpy as np
from numpy.typing import NDArray

from . import _arrays
from . import _structs as s
from ._enums import Filter, Fit, PixelFormat, Preset, choose
from ._library import Handle, call, create, int32, lib, python_text, sized
from .errors import ArgumentError, ShapeError

if TYPE_CHECKING:
    from .model import Model

Numbers = Union[float, Sequence[float]]


class Input:
    """One or more images ready for the network, with the way back to the photograph's own pixels.

    Made by `Model.preprocess` from 8-bit pixels or by `Input.from_floats` from a ready tensor.
    May be used by any number of threads, with any session of the model it was made for.
    """

    def __init__(self, handle: Handle, model: "Model") -> None:
        self._handle = handle
        self._model = model

    @classmethod
    def from_floats(cls, model: "Model", values: Any) -> "Input":
        """A ready tensor in the network's own order and scale.

        values: [N, C, H, W] ([N, H, W, C] for networks exported that way); converted to float32
            if need be
        and copied by the library. Maps come back in the tensor's own pixels.
        """
        array = np.ascontiguousarray(values, dtype=np.float32)
        if array.ndim != 4:
            raise ShapeError(
                f"the tensor has shape {np.shape(values)}; it must have 4 dimensions, images first "
                "(add one with values[None])"
            )
        shape = (ctypes.c_int64 * 4)(*array.shape)
        handle = create(
            lib.camx_input_from_floats,
            lib.camx_input_release,
            model._pointer,
            _arrays.floats(array),
            shape,
            4,
            keep=model._handle,
        )
        return cls(handle, model)

    @classmethod
    def from_pixels(
        cls,
        model: "Model",
        photo: Any,
        preset: Union[str, int, Preset] = "auto",
        *,
        format: Union[None, str, int, PixelFormat] = None,
        **overrides: Any,
    ) -> "Input":
        """See Model.preprocess."""
        chosen = None if format is None else choose(PixelFormat, format, "the pixel format")
        pixels, keep = _arrays.pixels(photo, chosen, "the photograph")
        options = _options(model, choose(Preset, preset, "the preset"), overrides)
        handle = create(
            lib.camx_input_from_pixels,
            lib.camx_input_release,
            model._pointer,
            ctypes.byref(pixels),
            ctypes.byref(options),
            keep=model._handle,
        )
        del keep  # only read during the call
        return cls(handle, model)

    @property
    def model(self) -> "Model":
        """The model this input was made for."""
        return self._model

    @property
    def _pointer(self) -> Optional[int]:
        return self._handle.pointer

    def __len__(self) -> int:
        """The number of images."""
        return int(lib.camx_input_image_count(self._pointer))

    def pixels(self, image: int = 0) -> NDArray[np.uint8]:
        """An image as 8-bit RGB pixels [height, width, 3] of the input's own size."""
        shape = self.values.shape
        rows = 1 if self._model.info.channels_last else 2
        result = np.empty((shape[rows], shape[rows + 1], 3), np.uint8)
        pixels, _keep = _arrays.pixels(result, PixelFormat.RGB, "the result")
        call(lib.camx_input_to_pixels, self._pointer, int32(image, "image"), ctypes.byref(pixels))
        return result

    @property
    def values(self) -> NDArray[np.float32]:
        """The floats as the network sees them, [N, C, H, W] (or [N, H, W, C]): a read-only view
        of the library's own memory."""
        shape = (ctypes.c_int64 * 4)()
        address = _arrays.address_of(lib.camx_input_values(self._pointer, shape))
        return _arrays.view(address, tuple(shape), np.float32, self._handle, writable=False)

    @property
    def shape(self) -> Tuple[int, ...]:
        """The shape of `values`."""
        shape = (ctypes.c_int64 * 4)()
        lib.camx_input_values(self._pointer, shape)
        return tuple(shape)

    @property
    def description(self) -> str:
        """A sentence on how the picture was prepared: size, crop, mean, std, and where they come
        from."""
        return python_text(lib.camx_input_description(self._pointer))

    def __repr__(self) -> str:
        return f"<camx.Input {list(self.shape)}: {self.description}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a camx.Input cannot be pickled: pickle the pixels and the model instead")


def input_options(
    model: "Model", preset: Union[None, str, int, Preset], overrides: Any
) -> s.camx_input_options:
    """The C struct for a preset (None = 'auto') with the keywords of Model.preprocess."""
    chosen = "auto" if preset is None else preset
    return _options(model, choose(Preset, chosen, "the preset"), overrides)


def as_input(model: "Model", x: Any) -> Optional[Input]:
    """An Input of what a user passes: None, an Input, uint8 pixels [H, W(, C)], or a float
    tensor of four dimensions."""
    if x is None or isinstance(x, Input):
        return x
    array = np.asarray(x)
    if array.dtype == np.uint8:
        if array.ndim == 4:
            raise ArgumentError(
                f"the photographs come as one uint8 array of shape {array.shape}; pass them one "
                "by one, or stack the .values of their inputs and pass that float tensor"
            )
        return Input.from_pixels(model, array)
    if array.dtype.kind == "f":
        return Input.from_floats(model, array)
    raise ArgumentError(
        f"the input is an array of {array.dtype}; pass uint8 pixels [height, width, 3], a "
        "float32 tensor [N, C, H, W], or a camx.Input"
    )


def _options(model: "Model", preset: Preset, overrides: Any) -> s.camx_input_options:
    """The preset's options for this model with the user's changes."""
    options = s.camx_input_options()
    call(lib.camx_input_options_for, model._pointer, int(preset), *sized(options))
    changes = dict(overrides)
    _set_size(options, changes)
    if "fit" in changes:
        options.fit = choose(Fit, changes.pop("fit"), "fit")
    if "filter" in changes:
        options.filter = choose(Filter, changes.pop("filter"), "filter")
    for name in ("mean", "std"):
        if name in changes:
            _set_channels(getattr(options, name), changes.pop(name), name)
    if "bgr" in changes:
        options.bgr = int(bool(changes.pop("bgr")))
    if "fill" in changes:
        colour = tuple(changes.pop("fill"))
        options.fill[:3] = list(rgb_bytes(colour, "fill"))
    if changes:
        raise TypeError(
            f"unknown preprocessing option {sorted(changes)[0]!r}; there are size, width, "
            "height, resize, fit, filter, mean, std, bgr and fill"
        )
    return options


def _set_size(options: s.camx_input_options, changes: Any) -> None:
    """Size and resize. A preset's `resize` belongs to its own size, so it grows with the size
    unless given."""
    before = min(options.width, options.height)
    if "size" in changes:
        size = changes.pop("size")
        width, height = (size, size) if np.isscalar(size) else size
        options.width, options.height = int32(width, "size"), int32(height, "size")
    options.width = int32(changes.pop("width", options.width), "width")
    options.height = int32(changes.pop("height", options.height), "height")
    after = min(options.width, options.height)
    if "resize" in changes:
        options.resize = int32(changes.pop("resize"), "resize")
    elif after != before:
        known = options.resize > 0 and before > 0 and after > 0
        options.resize = int(options.resize * after / before + 0.5) if known else 0


def _set_channels(target: Any, values: Numbers, what: str) -> None:
    numbers = [float(v) for v in np.atleast_1d(np.asarray(values, dtype=np.float64))]
    if len(numbers) == 1:
        numbers *= 4
    if len(numbers) > 4:
        raise ArgumentError(
            f"{what} has {len(numbers)} numbers; give one, or one per channel (at most 4)"
        )
    target[: len(numbers)] = numbers


def rgb_bytes(colour: Sequence[int], what: str) -> Tuple[int, int, int]:
    """Three numbers of 0 .. 255, checked."""
    values = tuple(int(c) for c in colour)
    if len(values) != 3 or any(c < 0 or c > 255 for c in values):
        raise ArgumentError(
            f"{what} is {tuple(colour)!r}; give three numbers of 0 .. 255: red, green, blue"
        )
    return values[0], values[1], values[2]
