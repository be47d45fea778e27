# SPDX-License-Identifier: Apache-2.0
"""camx.Map: what a method found."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any, Callable, Iterator, List, NoReturn, Optional, Sequence, Tuple, Union

import numpy as np
from numpy.typing import NDArray

from . import _arrays
from . import _structs as s
from . import boxes as _boxes
from ._enums import BoxOrder, Finding, Method, Scaling, Score, choose
from ._library import Handle, call, create, int32, lib, python_text, sized


@dataclass(frozen=True)
class MapInfo:
    """About the map of one image."""

    method: Method
    width: int
    """Of the raw map; likewise height."""
    height: int
    class_index: int
    """The class explained; -1 for a seed."""
    other_index: int
    """The class it is compared with, otherwise -1."""
    score_kind: Score
    score: float
    """The target's value for this image."""
    minimum: float
    """Of the finite values of the raw map."""
    maximum: float
    peak_x: int
    """Where the maximum is in the raw map; -1 if nothing is finite."""
    peak_y: int
    finding: Finding
    photo_width: int
    """The picture (or tensor) the input was made of, in pixels."""
    photo_height: int
    layer: str
    done: int
    """Units of work done and in all (occlusion: positions)."""
    total: int


class Map:
    """The raw, signed map of each image, at the layer's size, and ways to look at it.

    A Map of several images is a sequence: m[1] is the Map of the second image. Where a Map of
    one image gives arrays of [height, width], a Map of N images gives [N, height, width]; info
    and finding are those of the first image. A Map never changes: every computation makes a new
    one.
    """

    def __init__(self, handle: Handle, images: Optional[Sequence[int]] = None) -> None:
        self._handle = handle
        count = int(lib.camx_map_image_count(handle.pointer))
        self._images: Sequence[int] = range(count) if images is None else images

    def __len__(self) -> int:
        """The number of images."""
        return len(self._images)

    def __getitem__(self, index: Union[int, slice]) -> "Map":
        if isinstance(index, slice):
            return Map(self._handle, self._images[index])
        return Map(self._handle, (self._images[index],))

    def __iter__(self) -> Iterator["Map"]:
        return (self[i] for i in range(len(self)))

    @property
    def info(self) -> MapInfo:
        """About the (first) image."""
        return self._info(self._images[0])

    @property
    def finding(self) -> Finding:
        """Finding.HEAT, or why there is nothing to see."""
        return self.info.finding

    @property
    def finding_text(self) -> str:
        """The finding as a sentence; '' for HEAT."""
        return python_text(lib.camx_finding_text(int(self.finding)))

    @property
    def raw(self) -> NDArray[np.float32]:
        """The raw signed values [height, width] (or [N, height, width]).

        Of one image: a read-only view of the library's own memory, which stays valid as long as
        the array lives. Of several: a copy, one after the other.
        """
        views = [self._view(image) for image in self._images]
        return views[0] if len(views) == 1 else np.stack(views)

    def scaled(self, scaling: Union[str, int, Scaling] = "pgc") -> NDArray[np.float32]:
        """The values under a scaling, still at layer size: [height, width] (or [N, height, width]).

        scaling: 'pgc' (pytorch-grad-cam's), 'raw', 'positive', 'minmax' (torch-cam's), 'signed'
            (-1 .. 1).
        """
        kind = int(choose(Scaling, scaling, "the scaling"))

        def one(image: int) -> NDArray[np.float32]:
            info = self._info(image)
            result = np.empty((info.height, info.width), dtype=np.float32)
            call(
                lib.camx_map_scale,
                self._handle.pointer,
                image,
                kind,
                _arrays.floats(result),
                result.size,
            )
            return result

        return self._each(one)

    def render(
        self,
        width: Optional[int] = None,
        height: Optional[int] = None,
        *,
        scaling: Union[str, int, Scaling] = "pgc",
        nearest: bool = False,
    ) -> NDArray[np.float32]:
        """The map in the photograph's own pixels: [height, width] (or [N, height, width]).

        width, height: None = the photograph's (or tensor's) own size; any other size of the same
            picture
        will do. nearest: True = blocks instead of bilinear. Parts that the network never saw
        (outside the crop) are NaN.
        """
        options = s.camx_render_options()
        lib.camx_render_options_init(*sized(options))
        options.scaling = int(choose(Scaling, scaling, "the scaling"))
        options.nearest = int(bool(nearest))

        def one(image: int) -> NDArray[np.float32]:
            across, down = self._render_size(image, width, height)
            across, down = int32(across, "the width"), int32(down, "the height")
            result = np.empty((max(down, 0), max(across, 0)), dtype=np.float32)
            call(
                lib.camx_map_render,
                self._handle.pointer,
                image,
                ctypes.byref(options),
                _arrays.floats(result),
                across,
                down,
            )
            return result

        return self._each(one)

    def _render_size(
        self, image: int, width: Optional[int], height: Optional[int]
    ) -> Tuple[int, int]:
        """The size asked for; one side alone keeps the photograph's proportions."""
        info = self._info(image)
        if width is None and height is None:
            return info.photo_width, info.photo_height
        if height is None:
            assert width is not None
            return width, max(1, round(width * info.photo_height / info.photo_width))
        if width is None:
            return max(1, round(height * info.photo_width / info.photo_height)), height
        return width, height

    def _each(self, one: Callable[[int], NDArray[np.float32]]) -> NDArray[np.float32]:
        results = [one(image) for image in self._images]
        return results[0] if len(results) == 1 else np.stack(results)

    def _info(self, image: int) -> MapInfo:
        raw = s.camx_map_info(struct_size=ctypes.sizeof(s.camx_map_info))
        call(lib.camx_map_get_info, self._handle.pointer, image, ctypes.byref(raw))
        fields = {name: getattr(raw, name) for name, *_ in raw._fields_ if name != "struct_size"}
        fields["method"] = Method(raw.method)
        fields["score_kind"] = Score(raw.score_kind)
        fields["finding"] = Finding(raw.finding)
        fields["layer"] = python_text(raw.layer)
        return MapInfo(**fields)

    def _view(self, image: int) -> NDArray[np.float32]:
        info = self._info(image)
        address = _arrays.address_of(lib.camx_map_values(self._handle.pointer, image))
        shape = (info.height, info.width)
        return _arrays.view(address, shape, np.float32, self._handle, writable=False)

    def boxes(
        self,
        threshold: Union[float, str] = 0.15,
        *,
        largest: bool = False,
        order: Union[str, int, BoxOrder] = "area",
        connectivity: int = 8,
        min_area: float = 0.001,
    ) -> List[_boxes.Box]:
        """Boxes around the heat, in the photograph's own pixels, of the (first) image.

        threshold: the share of the maximum from which a pixel is hot (0.15 as in Grad-CAM's paper,
            0.20 as in CAM's), or 'otsu'.
        largest: only the component with the most pixels. order: what stands first: the greatest
            'area', 'mass', 'mean' or 'peak'.
        connectivity: 8 or 4 neighbours. min_area: smaller shares of the photograph are left out.
        """
        image = self._images[0]
        pointer = self._handle.pointer
        return _boxes.find(pointer, image, threshold, connectivity, largest, order, min_area)

    def focus(
        self, box: Optional[_boxes.RectLike] = None, mask: Any = None, *, level: int = 128
    ) -> _boxes.Focus:
        """Object or background: how much of the (first) image's positive heat lies in a region.

        box: a camx.Box or (x, y, width, height). mask: a bool array or a uint8 picture of the
            photograph's size, set where it is at least `level` bright.
        """
        return _boxes.measure(self._handle.pointer, self._images[0], box, mask, level)

    def __array__(self, dtype: Any = None, copy: Any = None) -> NDArray[Any]:
        """np.asarray(m) is m.raw."""
        array = self.raw if dtype is None else self.raw.astype(dtype, copy=False)
        return array.copy() if copy else array

    def __repr__(self) -> str:
        if len(self) == 0:
            return "<camx.Map of nothing>"
        info = self.info
        images = "" if len(self) == 1 else f"{len(self)} images, "
        return (
            f"<camx.Map {info.method.name.lower()} of layer {info.layer!r}: {images}"
            f"{info.width}x{info.height}, class {info.class_index}, {info.finding.name}>"
        )

    def __reduce__(self) -> NoReturn:
        raise TypeError("a camx.Map cannot be pickled: send its .raw, .info or .render() instead")


def new_map() -> Handle:
    """An empty camx_map for a method to fill."""
    return create(lib.camx_map_create, lib.camx_map_release, None)
