# SPDX-License-Identifier: Apache-2.0
"""Heat on photographs: colour maps, overlays, contact sheets. All pictures are uint8 RGB arrays."""

from __future__ import annotations

import ctypes
from typing import Any, List, Optional, Sequence, Tuple, Union

import numpy as np
from numpy.typing import NDArray

from . import _arrays
from . import _structs as s
from ._enums import Colormap, PixelFormat, choose
from ._library import call, int32, lib, python_text, sized, text
from .errors import ArgumentError
from .inputs import rgb_bytes
from .maps import Map


def overlay(
    photo: Any,
    heat: Union[Map, NDArray[Any]],
    colormap: Union[str, int, Colormap] = "turbo",
    alpha: float = 0.6,
    *,
    even: bool = False,
    format: Union[None, str, int, PixelFormat] = None,
) -> NDArray[np.uint8]:
    """Paints heat over a photograph: a new uint8 RGB array [height, width, 3].

    photo: uint8 pixels [height, width, 3] in RGB order (or RGBA, grey, or what `format` says).
    heat: a Map of one image (rendered to the photograph's size with the 'pgc' scaling; 'signed' for
        'rdbu'), or floats [height, width] of 0 .. 1 as Map.render gives them. NaN leaves the
        photograph as it is.
    alpha: 0 .. 1, how strongly the hottest place covers the photograph. even: True = alpha
        everywhere, as papers do, instead of in proportion to the heat.
    """
    chosen = None if format is None else choose(PixelFormat, format, "the pixel format")
    source, keep = _arrays.pixels(photo, chosen, "the photograph")
    options = s.camx_overlay_options()
    lib.camx_overlay_options_init(*sized(options))
    options.colormap = int(choose(Colormap, colormap, "the colour map"))
    options.alpha = alpha
    options.even = int(bool(even))
    values = _heat(heat, source.width, source.height, options.colormap)
    result = np.empty((source.height, source.width, 3), dtype=np.uint8)
    target, _ = _arrays.pixels(result)
    call(
        lib.camx_overlay_draw,
        ctypes.byref(source),
        _arrays.floats(values),
        ctypes.byref(options),
        ctypes.byref(target),
    )
    del keep
    return result


def _heat(heat: Any, width: int, height: int, colormap: int) -> NDArray[np.float32]:
    if isinstance(heat, Map):
        if len(heat) != 1:
            raise ArgumentError(
                f"the map holds {len(heat)} images; pass the one of this photograph, m[i]"
            )
        scaling = "signed" if colormap == Colormap.RDBU else "pgc"
        return heat.render(width, height, scaling=scaling)
    values = np.ascontiguousarray(heat, dtype=np.float32)
    if values.shape != (height, width):
        raise ArgumentError(
            f"the heat has shape {list(values.shape)}; "
            f"the photograph has {height} rows of {width} pixels"
        )
    return values


def colormaps() -> List[str]:
    """The names of the colour maps."""
    names: List[str] = []
    while True:
        name = lib.camx_colormap_name(len(names))
        if name is None:
            return names
        names.append(python_text(name))


def colours(colormap: Union[str, int, Colormap], count: int = 256) -> NDArray[np.uint8]:
    """`count` colours [count, 3] from the lowest value of a colour map to its highest."""
    kind = choose(Colormap, colormap, "the colour map")
    low = -1.0 if kind == Colormap.RDBU else 0.0
    result = np.empty((count, 3), dtype=np.uint8)
    rgb = (ctypes.c_uint8 * 3)()
    for i, value in enumerate(np.linspace(low, 1.0, count)):
        call(lib.camx_colormap_colour, int(kind), float(value), rgb)
        result[i] = rgb
    return result


def sheet(
    tiles: Sequence[Tuple[Any, str]],
    *,
    title: Optional[str] = None,
    columns: int = 0,
    tile_width: Optional[int] = None,
    tile_height: Optional[int] = None,
    text_scale: Optional[int] = None,
    gap: Optional[int] = None,
    background: Optional[Sequence[int]] = None,
    ink: Optional[Sequence[int]] = None,
) -> NDArray[np.uint8]:
    """A contact sheet, uint8 RGB [height, width, 3]: pictures side by side with captions below.

    tiles: (uint8 RGB array, caption) pairs. None = the library's default.
    """
    options = s.camx_sheet_options()
    lib.camx_sheet_options_init(*sized(options))
    options.title = text(title, "the title")
    options.columns = int32(columns, "columns")
    numbers = {
        "tile_width": tile_width,
        "tile_height": tile_height,
        "text_scale": text_scale,
        "gap": gap,
    }
    for name, number in numbers.items():
        if number is not None:
            setattr(options, name, int32(number, name))
    for name, colour in (("background", background), ("ink", ink)):
        if colour is not None:
            getattr(options, name)[:3] = list(rgb_bytes(colour, name))
    pictures = [_arrays.pixels(picture, None, f"tile {i}") for i, (picture, _) in enumerate(tiles)]
    array = (s.camx_tile * max(len(pictures), 1))()
    for i, (pixels, _) in enumerate(pictures):
        array[i].picture = ctypes.pointer(pixels)
        array[i].caption = text(tiles[i][1], "a caption")
    width, height = ctypes.c_int32(), ctypes.c_int32()
    count = len(pictures)
    call(
        lib.camx_sheet_size,
        array,
        count,
        ctypes.byref(options),
        ctypes.byref(width),
        ctypes.byref(height),
    )
    result = np.empty((height.value, width.value, 3), dtype=np.uint8)
    target, _ = _arrays.pixels(result)
    call(lib.camx_sheet_draw, array, count, ctypes.byref(options), ctypes.byref(target))
    return result
