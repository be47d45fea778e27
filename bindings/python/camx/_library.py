# SPDX-License-Identifier: Apache-2.0
"""Finding and loading libcamx (at import) and libcamx-image (when a picture file is first asked
for).

Searched, in this order:
  1. the file named by the environment variable CAMX_LIBRARY (CAMX_IMAGE_LIBRARY for libcamx-image);
     when it is set nothing else is tried,
  2. camx/_lib/ in this package: where a wheel carries the libraries,
  3. build/lib/ of the source tree this package lies in,
  4. the system's library path.
libcamx-image is first looked for beside the libcamx that was loaded, so that the two always match.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import operator
import os
import threading
from pathlib import Path
from typing import Any, Callable, List, Optional

from . import _structs, errors
from ._prototypes import CORE, IMAGE, Table

ABI_VERSION = 0  # CAMX_ABI_VERSION of the header this package was written for

_PACKAGE = Path(__file__).resolve().parent


def _sonames(stem: str) -> List[str]:
    return [f"{stem}.so", f"{stem}.so.{ABI_VERSION}", f"{stem}.dylib"]


def _candidates(stem: str, variable: str, beside: Optional[Path]) -> List[str]:
    """Paths (and at last a bare name for the system's loader) where the library may be."""
    chosen = os.environ.get(variable)
    if chosen:
        return [chosen]
    folders: List[Path] = []
    if beside is not None:
        folders += [beside.parent, beside.parent / "image"]
    folders.append(_PACKAGE / "_lib")
    if _PACKAGE.parent.parent.name == "bindings":  # bindings/python/camx of a source tree
        build = _PACKAGE.parents[2] / "build" / "lib"
        folders += [build, build / "image"]
    found = [str(folder / name) for folder in folders for name in _sonames(stem)]
    found = [path for path in found if os.path.isfile(path)]
    system = ctypes.util.find_library(stem[3:])
    return found + ([system] if system else []) + [f"{stem}.so.{ABI_VERSION}"]


def _bind(library: ctypes.CDLL, table: Table, path: str) -> None:
    """Gives every function its types; a missing one means that the library is older than this
    package."""
    for name, (result, arguments) in table.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise ImportError(
                f"camx: the library {path} has no function {name}: it is older than this "
                "Python package; install matching versions or set CAMX_LIBRARY"
            ) from None
        function.restype = result
        function.argtypes = arguments


def _check_abi(library: ctypes.CDLL, path: str) -> None:
    try:
        library.camx_abi_version.restype = ctypes.c_uint32
        found = library.camx_abi_version()
    except AttributeError:
        raise ImportError(
            f"camx: {path} is not libcamx: it has no function camx_abi_version"
        ) from None
    if found != ABI_VERSION:
        raise ImportError(
            f"camx: the library {path} has ABI version {found}, this Python package needs "
            f"{ABI_VERSION}; install matching versions or set CAMX_LIBRARY"
        )


def _open(stem: str, variable: str, beside: Optional[Path]) -> "tuple[ctypes.CDLL, str]":
    failures = []
    for path in _candidates(stem, variable, beside):
        try:
            return ctypes.CDLL(path), path
        except OSError as reason:
            failures.append(f"{path} ({reason})")
    raise ImportError(
        f"camx: {stem} cannot be loaded; install it, build it (make), or set {variable} to the "
        "file. Tried: " + "; ".join(failures)
    )


def _load_core() -> "tuple[ctypes.CDLL, str]":
    library, path = _open("libcamx", "CAMX_LIBRARY", None)
    _check_abi(library, path)
    _bind(library, CORE, path)
    return library, path


lib, library_path = _load_core()

_image_lock = threading.Lock()
_image: Optional[ctypes.CDLL] = None


def image_library() -> ctypes.CDLL:
    """libcamx-image, loaded at the first call; UnsupportedError with the places tried when there
    is none."""
    global _image
    with _image_lock:
        if _image is None:
            beside = Path(library_path).resolve() if os.path.isfile(library_path) else None
            try:
                library, where = _open("libcamx-image", "CAMX_IMAGE_LIBRARY", beside)
                _bind(library, IMAGE, where)
            except ImportError as reason:
                raise errors.UnsupportedError(
                    f"reading and writing picture files needs libcamx-image: {reason}"
                ) from None
            _image = library
        return _image


def call(function: Any, *arguments: Any) -> None:
    """Calls a function that takes a camx_error last, and raises the matching exception if it
    fails."""
    error = _structs.camx_error()
    status = function(*arguments, ctypes.byref(error))
    if status != 0:
        raise errors.from_status(status, error.message.decode("utf-8", "replace"))


def sized(struct: ctypes.Structure) -> "tuple[Any, int]":
    """A struct to be filled and its size, which the macros of camx.h pass in C: a newer library must
    not write behind the struct that this package knows."""
    return ctypes.byref(struct), ctypes.sizeof(struct)


def text(value: Optional[str], what: str) -> Optional[bytes]:
    """A C string; a NUL inside, which would silently cut it, is refused."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise errors.ArgumentError(f"{what} is {value!r}; it must be a text or None")
    if "\0" in value:
        raise errors.ArgumentError(f"{what} {value!r} contains a NUL character")
    return value.encode("utf-8")


def int32(value: Any, what: str) -> int:
    """A whole number that fits the C field; ctypes itself would silently cut it."""
    try:
        number = operator.index(value)
    except TypeError:
        raise errors.ArgumentError(f"{what} is {value!r}; it must be a whole number") from None
    if not -(2**31) <= number < 2**31:
        raise errors.ArgumentError(f"{what} is {number}; it is out of range")
    return number


def python_text(value: Optional[bytes]) -> str:
    """A Python text of a C string; NULL gives ''. Texts from files are untrusted: bad UTF-8 is
    replaced."""
    return "" if value is None else value.decode("utf-8", "replace")


class Handle:
    """Owns one opaque pointer and releases it when nobody refers to it any more (arrays that
    show the library's memory refer to it). `keep` is what the C object stands on: it is let go
    only afterwards.
    """

    __slots__ = ("pointer", "_release", "keep", "__weakref__")

    def __init__(self, pointer: int, release: Callable[[int], None], keep: object) -> None:
        self.pointer: Optional[int] = pointer
        self._release = release
        self.keep = keep

    def close(self) -> None:
        pointer, self.pointer = self.pointer, None
        if pointer:
            self._release(pointer)

    def __del__(self) -> None:
        if getattr(self, "pointer", None):
            self.close()


def create(function: Any, release: Any, *arguments: Any, keep: object = None) -> Handle:
    """Calls a function whose last parameters are (T **out, camx_error *) and wraps what it made."""
    pointer = ctypes.c_void_p()
    call(function, *arguments, ctypes.byref(pointer))
    if not pointer.value:
        raise errors.InternalError(f"{function.__name__} succeeded and returned nothing")
    return Handle(pointer.value, release, keep)
