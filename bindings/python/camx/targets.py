# SPDX-License-Identifier: Apache-2.0
"""camx.Target: what is to be explained."""

from __future__ import annotations

import ctypes
import operator
from typing import TYPE_CHECKING, Any, List, Optional, Sequence, Union

import numpy as np

from . import _structs as s
from ._arrays import FLOATS
from ._enums import Score, TargetKind, choose
from ._library import lib, sized
from .errors import ArgumentError

if TYPE_CHECKING:
    from .model import Model

ClassLike = Union[int, str]
ClassesLike = Union[ClassLike, Sequence[ClassLike]]
_INT32 = ctypes.POINTER(ctypes.c_int32)


class Target:
    """Which score a map explains.

        Target()                      the top class of each image
        Target(281)                   one class; also by name: Target("tabby")
        Target([281, 7])              one class per image of a batch
        Target(281, other=285)        281 minus 285: why this class and not that one
        Target(seed=weights)          any weighted sum of the scores; weights [classes] or [N,
        classes]

    score: 'default' (the logit for gradients, the probability for occlusion), 'logit' or
        'probability'.
    negate: True = evidence against: the negated score.
    """

    def __init__(
        self,
        classes: Optional[ClassesLike] = None,
        *,
        other: Optional[ClassesLike] = None,
        seed: Any = None,
        score: Union[str, int, Score] = "default",
        negate: bool = False,
    ) -> None:
        if seed is not None and (classes is not None or other is not None):
            raise ArgumentError("a target is either classes or a seed, not both")
        if other is not None and classes is None:
            raise ArgumentError("a target with `other` needs the class it is compared with")
        self.classes = classes
        self.other = other
        self.seed = None if seed is None else np.array(seed, dtype=np.float32, order="C")
        if self.seed is not None and self.seed.ndim not in (1, 2):
            raise ArgumentError(
                f"the seed has shape {self.seed.shape}; it must be [classes] or [images, classes]"
            )
        self.score = choose(Score, score, "the score")
        self.negate = bool(negate)

    @property
    def kind(self) -> TargetKind:
        """The camx_target_kind that follows from the arguments."""
        if self.seed is not None:
            return TargetKind.SEED
        if self.other is not None:
            return TargetKind.PAIR
        return TargetKind.TOP if self.classes is None else TargetKind.CLASS

    def with_score(self, score: Union[str, int, Score]) -> "Target":
        """The same target with another score."""
        return Target(
            self.classes, other=self.other, seed=self.seed, score=score, negate=self.negate
        )

    def __repr__(self) -> str:
        parts = [repr(self.classes)] if self.classes is not None else []
        if self.other is not None:
            parts.append(f"other={self.other!r}")
        if self.seed is not None:
            parts.append(f"seed=array{list(self.seed.shape)}")
        if self.score != Score.DEFAULT:
            parts.append(f"score={self.score.name.lower()!r}")
        if self.negate:
            parts.append("negate=True")
        return f"Target({', '.join(parts)})"

    def _to_c(self, model: "Model") -> s.camx_target:
        """The C struct; it keeps the arrays it points to alive."""
        result = s.camx_target()
        lib.camx_target_init(*sized(result))
        result.kind = int(self.kind)
        result.score = int(self.score)
        result.negate = int(self.negate)
        if self.seed is not None:
            self._seed_to_c(model, result)
            return result
        first = _numbers(model, self.classes)
        second = _numbers(model, self.other)
        if isinstance(first, int) and not isinstance(second, list):
            result.class_index = first
            if second is not None:
                result.other_index = second
        elif first is not None:
            _lists_to_c(result, first, second)
        return result

    def _seed_to_c(self, model: "Model", result: s.camx_target) -> None:
        assert self.seed is not None
        if self.seed.shape[-1] != model.class_count:
            raise ArgumentError(
                f"the seed has {self.seed.shape[-1]} numbers per image; the network has "
                f"{model.class_count} classes"
            )
        result.count = 1 if self.seed.ndim == 1 else self.seed.shape[0]
        result.seed = self.seed.ctypes.data_as(FLOATS)
        result.keep = self.seed


def as_target(value: Any) -> Target:
    """A Target of what a user passes: None, a Target, a class number or name, or a list of
    those."""
    return value if isinstance(value, Target) else Target(value)


def _number(model: "Model", value: Any) -> int:
    if isinstance(value, str):
        return model.find_class(value)
    try:
        number = operator.index(value)
    except TypeError:
        raise ArgumentError(f"a class is {value!r}; give its number or its name") from None
    if not -(2**31) <= number < 2**31:
        raise ArgumentError(
            f"class {number} does not exist: the network has {model.class_count} classes"
        )
    return number


def _numbers(model: "Model", value: Any) -> Union[None, int, List[int]]:
    if value is None:
        return None
    if isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim == 1):
        return [_number(model, entry) for entry in value]
    return _number(model, value)


def _lists_to_c(result: s.camx_target, first: Any, second: Any) -> None:
    """One class (and one other class) per image; a single number beside a list stands for all
    images."""
    count = len(first) if isinstance(first, list) else len(second)
    for name, numbers in (("classes", first), ("others", second)):
        if numbers is None:
            continue
        numbers = numbers if isinstance(numbers, list) else [numbers] * count
        if len(numbers) != count:
            raise ArgumentError(f"the target has {count} classes but {len(numbers)} others")
        array = (ctypes.c_int32 * count)(*numbers)
        setattr(result, name, ctypes.cast(array, _INT32))
    if count == 0:
        raise ArgumentError("the target is an empty list; give one class per image")
    result.count = count
