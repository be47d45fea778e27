# SPDX-License-Identifier: Apache-2.0
"""Between NumPy arrays and C memory, without copying where the layout allows it."""

from __future__ import annotations

import ctypes
from typing import Any, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

from . import _structs as s
from ._enums import PixelFormat
from .errors import ArgumentError

FLOATS = ctypes.POINTER(ctypes.c_float)
BYTES = ctypes.POINTER(ctypes.c_uint8)


def floats(array: NDArray[np.float32]) -> Any:
    """A float * to the first element. The array must outlive the call and be C-contiguous
    float32."""
    assert array.dtype == np.float32 and array.flags.c_contiguous
    return array.ctypes.data_as(FLOATS)


def view(
    address: int, shape: Sequence[int], dtype: Any, owner: object, writable: bool
) -> NDArray[Any]:
    """An array over the library's own memory; it keeps `owner`, who frees that memory, alive."""
    kind = np.dtype(dtype)
    count = int(np.prod(shape, dtype=np.int64))
    if count == 0:
        return np.empty(shape, dtype=kind)
    buffer = (ctypes.c_uint8 * (count * kind.itemsize)).from_address(address)
    buffer.owner = owner
    array = np.frombuffer(buffer, dtype=kind).reshape(shape)
    array.flags.writeable = writable
    return array


def address_of(pointer: Any) -> int:
    """The address a ctypes pointer holds; 0 for NULL."""
    return ctypes.cast(pointer, ctypes.c_void_p).value or 0


_FORMATS_BY_CHANNELS = {1: PixelFormat.GREY, 3: PixelFormat.RGB, 4: PixelFormat.RGBA}
_CHANNELS = {
    PixelFormat.RGB: 3,
    PixelFormat.BGR: 3,
    PixelFormat.RGBA: 4,
    PixelFormat.BGRA: 4,
    PixelFormat.GREY: 1,
}


def _rows_are_dense(array: NDArray[Any]) -> bool:
    """Whether C can walk the array by a row stride: pixels side by side, rows forward."""
    height, width, channels = array.shape
    across = array.strides[2] == 1 or channels == 1
    along = array.strides[1] == channels or width == 1
    forward = height == 1 or array.strides[0] >= width * channels
    return bool(across and along and forward)


def pixels(
    photo: Any, format: Optional[PixelFormat] = None, what: str = "the picture"
) -> Tuple[s.camx_pixels, NDArray[np.uint8]]:
    """A camx_pixels over a uint8 array [height, width] or [height, width, 1, 3 or 4], and the
    array that owns the memory (the caller's own unless its layout forced a copy): keep it during
    the call."""
    array = np.asarray(photo)
    if array.dtype != np.uint8:
        raise ArgumentError(
            f"{what} has type {array.dtype}; it must be an array of uint8 (0 .. 255)"
        )
    if array.ndim == 2:
        array = array[:, :, np.newaxis]
    if array.ndim != 3 or array.shape[2] not in _FORMATS_BY_CHANNELS:
        raise ArgumentError(
            f"{what} has shape {np.shape(photo)}; it must be [height, width] or [height, width, "
            "channels] with 1, 3 or 4 channels"
        )
    height, width, channels = array.shape
    if height == 0 or width == 0:
        raise ArgumentError(f"{what} is empty: its shape is {np.shape(photo)}")
    chosen = _FORMATS_BY_CHANNELS[channels] if format is None else format
    if _CHANNELS[chosen] != channels:
        raise ArgumentError(
            f"{what} has {channels} channels; "
            f"the format {chosen.name.lower()!r} has {_CHANNELS[chosen]}"
        )
    if not _rows_are_dense(array):
        array = np.ascontiguousarray(array)
    stride = array.strides[0] if height > 1 else width * channels
    result = s.camx_pixels(
        struct_size=ctypes.sizeof(s.camx_pixels),
        format=int(chosen),
        width=width,
        height=height,
        stride=stride,
        data=array.ctypes.data_as(BYTES),
    )
    return result, array
