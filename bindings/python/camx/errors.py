# SPDX-License-Identifier: Apache-2.0
"""Exceptions: one class per camx_status, all derived from camx.Error.

The text of an exception is the sentence the C library wrote: it names the file, node or argument
and says what to do. Where Python has a class of its own for such a mistake, the exception is one
of those too, so that ``except ValueError`` or ``except OSError`` works as everywhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, Optional, Type

from ._enums import Status

if TYPE_CHECKING:
    from .maps import Map


class Error(Exception):
    """Base of everything camx raises. `status` is the camx_status."""

    status: int = Status.INTERNAL


class ArgumentError(Error, ValueError):
    """An argument is out of range or contradicts another."""

    status = Status.ARGUMENT


class OutOfMemoryError(Error, MemoryError):
    """The allocator gave nothing."""

    status = Status.MEMORY


class FileError(Error, OSError):
    """A file cannot be opened, read or written."""

    status = Status.IO


class FormatError(Error, ValueError):
    """The file is damaged or not what it should be."""

    status = Status.FORMAT


class UnsupportedError(Error, NotImplementedError):
    """Valid, but libcamx cannot do it: operators, types, file variants."""

    status = Status.UNSUPPORTED


class LimitError(Error):
    """One of the limits given to the model would be exceeded."""

    status = Status.LIMIT


class ShapeError(Error, ValueError):
    """The network cannot take an input of this size or channel count."""

    status = Status.SHAPE


class NotFoundError(Error, LookupError):
    """No such layer, class, or name; near names are suggested."""

    status = Status.NOT_FOUND


class MethodError(Error, ValueError):
    """This method does not apply to this network or layer."""

    status = Status.METHOD


class Cancelled(Error):
    """The progress callback asked to stop. `partial` holds the map as far as it was computed
    (positions not reached are NaN), or None."""

    status = Status.CANCELLED
    partial: Optional["Map"] = None


class DeadlineError(Error, TimeoutError):
    """Time was up. `partial` as in Cancelled."""

    status = Status.DEADLINE
    partial: Optional["Map"] = None


class StateError(Error, RuntimeError):
    """Called too early (no input was given yet), or while the session is busy with another call."""

    status = Status.STATE


class InternalError(Error, RuntimeError):
    """A mistake in libcamx: please report it."""

    status = Status.INTERNAL


CLASSES: Dict[int, Type[Error]] = {
    int(cls.status): cls
    for cls in (
        ArgumentError,
        OutOfMemoryError,
        FileError,
        FormatError,
        UnsupportedError,
        LimitError,
        ShapeError,
        NotFoundError,
        MethodError,
        Cancelled,
        DeadlineError,
        StateError,
        InternalError,
    )
}


def from_status(status: int, message: str) -> Error:
    """The exception for a status that is not OK."""
    cls = CLASSES.get(status)
    if cls is not None:
        return cls(message)
    error = Error(message or f"libcamx failed with the unknown status {status}")
    error.status = status
    return error
