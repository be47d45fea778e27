# SPDX-License-Identifier: Apache-2.0
"""Boxes around the heat of a map, their overlap, and how they are drawn."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any, Iterable, List, Optional, Sequence, Tuple, Union

import numpy as np
from numpy.typing import NDArray

from . import _arrays
from . import _structs as s
from ._enums import BoxOrder, BoxThreshold, choose
from ._library import call, int32, lib, sized
from .errors import ArgumentError
from .inputs import rgb_bytes


@dataclass(frozen=True)
class Box:
    """A rectangle around connected hot pixels, in pixels of the photograph: x .. x + width - 1."""

    x: int
    y: int
    width: int
    height: int
    peak_x: int
    """The hottest pixel."""
    peak_y: int
    peak: float
    """Its heat, 0 .. 1: shares of the photograph's hottest pixel."""
    mean: float
    """Of the connected pixels."""
    mass: float
    """Their part of all heat in the photograph, 0 .. 1."""
    area: int
    """How many they are: at most width x height."""

    @property
    def rect(self) -> Tuple[int, int, int, int]:
        """x, y, width, height."""
        return self.x, self.y, self.width, self.height


@dataclass(frozen=True)
class Focus:
    """How much of the heat lies inside a region of the photograph."""

    peak_inside: bool
    """Whether the hottest pixel does (the pointing game)."""
    peak_x: int
    peak_y: int
    heat_share: float
    """Of all positive heat the part inside; NaN if nothing is positive."""
    area_share: float
    """Of all pixels the network saw the part inside: what even heat would give."""
    seen_share: float
    """Of the region's pixels the part that the network saw."""


RectLike = Union[Box, Sequence[int]]


def iou(a: RectLike, b: RectLike) -> float:
    """Intersection over union of two boxes, each a Box or (x, y, width, height)."""
    return float(lib.camx_box_iou(ctypes.byref(_rect(a)), ctypes.byref(_rect(b))))


def draw_boxes(
    picture: Any,
    boxes: Iterable[RectLike],
    *,
    colour: Sequence[int] = (255, 255, 255),
    width: int = 0,
    rim: bool = True,
) -> NDArray[np.uint8]:
    """A copy of a picture (uint8 RGB [height, width, 3]) with boxes drawn on it.

    width: of the line in pixels, 0 = by the picture's size. rim: a black pixel on both sides.
    """
    result = np.array(picture, copy=True, order="C")
    pixels, keep = _arrays.pixels(result)
    options = s.camx_line_options()
    lib.camx_line_options_init(*sized(options))
    options.width = int32(width, "width")
    options.rim = int(bool(rim))
    options.colour[:3] = list(rgb_bytes(colour, "colour"))
    rects = [_rect(box) for box in boxes]
    array = (s.camx_box * max(len(rects), 1))()
    for i, rect in enumerate(rects):
        array[i].rect = rect
    call(
        lib.camx_boxes_draw, array, len(rects), ctypes.byref(options), ctypes.byref(pixels)
    )
    return keep.reshape(result.shape)


def find(
    pointer: Optional[int],
    image: int,
    threshold: Union[float, str],
    connectivity: int,
    largest: bool,
    order: Union[str, int, BoxOrder],
    min_area: float,
) -> List[Box]:
    """The boxes of one image of a camx_map: see Map.boxes."""
    options = s.camx_box_options()
    lib.camx_box_options_init(*sized(options))
    if isinstance(threshold, str):
        options.threshold = int(choose(BoxThreshold, threshold, "the threshold"))
    else:
        options.share = threshold
    options.connectivity = int32(connectivity, "connectivity")
    options.largest = int(bool(largest))
    options.order = int(choose(BoxOrder, order, "the order"))
    options.min_area = min_area
    found = ctypes.c_uint32()
    call(
        lib.camx_map_boxes, pointer, image, ctypes.byref(options), None, 0, ctypes.byref(found)
    )
    array = (s.camx_box * max(found.value, 1))()
    call(
        lib.camx_map_boxes,
        pointer,
        image,
        ctypes.byref(options),
        array,
        found.value,
        ctypes.byref(found),
    )
    return [_box(raw) for raw in array[: found.value]]


def measure(
    pointer: Optional[int], image: int, box: Optional[RectLike], mask: Any, level: int
) -> Focus:
    """See Map.focus."""
    if (box is None) == (mask is None):
        raise ArgumentError("give either a box or a mask")
    raw = s.camx_focus(struct_size=ctypes.sizeof(s.camx_focus))
    if box is not None:
        rect = _rect(box)
        call(lib.camx_map_focus_box, pointer, image, ctypes.byref(rect), ctypes.byref(raw))
    else:
        array = np.asarray(mask)
        if array.dtype == np.bool_:
            array = array.astype(np.uint8) * 255
        pixels, keep = _arrays.pixels(array, None, "the mask")
        number = int32(level, "the level")
        call(
            lib.camx_map_focus_mask, pointer, image, ctypes.byref(pixels), number, ctypes.byref(raw)
        )
        del keep
    return Focus(
        bool(raw.peak_inside),
        raw.peak_x,
        raw.peak_y,
        raw.heat_share,
        raw.area_share,
        raw.seen_share,
    )


def _rect(value: RectLike) -> s.camx_rect:
    numbers = value.rect if isinstance(value, Box) else tuple(value)
    if len(numbers) != 4:
        raise ArgumentError(f"a box is {value!r}; give a camx.Box or (x, y, width, height)")
    return s.camx_rect(*(int32(number, "a side of a box") for number in numbers))


def _box(raw: s.camx_box) -> Box:
    r = raw.rect
    return Box(
        r.x, r.y, r.width, r.height, raw.peak_x, raw.peak_y, raw.peak, raw.mean, raw.mass, raw.area
    )
