# SPDX-License-Identifier: Apache-2.0
"""Picture files through libcamx-image, the optional library (UnsupportedError where it is not
installed)."""

from __future__ import annotations

import ctypes
import os
from typing import Any, Optional, Sequence, Union

import numpy as np
from numpy.typing import NDArray

from . import _arrays
from . import _structs as s
from ._enums import PixelFormat, choose
from ._library import call, create, image_library, int32, sized
from .errors import ArgumentError
from .inputs import rgb_bytes


def imread(
    source: Union[str, "os.PathLike[str]", bytes],
    *,
    background: Optional[Sequence[int]] = None,
    ignore_orientation: bool = False,
    max_pixels: Optional[int] = None,
) -> NDArray[np.uint8]:
    """Reads a PNG or JPEG file (or its bytes): uint8 RGB [height, width, 3], upright.

    Grey, palette, 16-bit, alpha and CMYK become 8-bit RGB; transparent pixels are laid on
    `background` (default white). The array is a view of the memory the file was decoded into,
    not a copy.
    """
    library = image_library()
    options = s.camx_image_options()
    library.camx_image_options_init(*sized(options))
    options.ignore_orientation = int(bool(ignore_orientation))
    if background is not None:
        options.background[:3] = list(rgb_bytes(background, "background"))
    if max_pixels is not None:
        options.max_pixels = _natural(max_pixels, "max_pixels")
    if isinstance(source, bytes):
        function, place = library.camx_image_read_memory, [source, len(source)]
    else:
        function, place = library.camx_image_read, [_path(source)]
    handle = create(function, library.camx_image_release, *place, ctypes.byref(options))
    pixels = s.camx_pixels()
    call(library.camx_image_get_pixels, handle.pointer, *sized(pixels))
    stride = pixels.stride or pixels.width * 3
    address = _arrays.address_of(pixels.data)
    rows = _arrays.view(address, (pixels.height * stride,), np.uint8, handle, writable=True)
    shape, strides = (pixels.height, pixels.width, 3), (stride, 3, 1)
    if stride == pixels.width * 3:
        return rows.reshape(shape)
    return np.lib.stride_tricks.as_strided(rows, shape, strides)


def imwrite(
    path: Union[str, "os.PathLike[str]"],
    picture: Any,
    *,
    quality: Optional[int] = None,
    compression: Optional[int] = None,
    format: Union[None, str, int, PixelFormat] = None,
) -> None:
    """Writes uint8 RGB pixels [height, width, 3] as .png, .jpg or .jpeg; the file appears whole
    or not at all.

    quality: JPEG, 1 .. 100 (default 92). compression: PNG, 0 .. 9 (default 6).
    """
    library = image_library()
    chosen = None if format is None else choose(PixelFormat, format, "the pixel format")
    pixels, keep = _arrays.pixels(picture, chosen)
    options = s.camx_write_options()
    library.camx_write_options_init(*sized(options))
    if quality is not None:
        options.quality = int32(quality, "the quality")
    if compression is not None:
        options.compression = int32(compression, "the compression")
    call(library.camx_image_write, _path(path), ctypes.byref(pixels), ctypes.byref(options))
    del keep


def _natural(value: int, what: str) -> int:
    if not 0 <= value < 2**64:
        raise ArgumentError(f"{what} is {value}; it is out of range")
    return value


def _path(path: Union[str, "os.PathLike[str]"]) -> bytes:
    encoded = os.fsencode(os.fspath(path))
    if b"\0" in encoded:
        raise ArgumentError(f"the path {path!r} contains a NUL character")
    return encoded
