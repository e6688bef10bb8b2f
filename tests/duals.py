"""Dual numbers of mpmath: a loss and its gradient to any number of digits, by an interpreter apart.

It shares nothing with the suite: the numbers are mpmath's, the arrays NumPy's arrays of objects,
the slopes are written here once more. Integers and booleans stay NumPy's, as losses mean them.
"""

from __future__ import annotations

import operator
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntFlag
from typing import Any

import mpmath as mp  # type: ignore[import-untyped]  # published without types
import numpy as np


class Doubt(IntFlag):
    """Reasons for which arithmetic finds no gradient at a point."""

    KINK = 1
    EDGE = 2
    OVERFLOW = 4
    UNDERFLOW = 8
    ZERO = 16
    TIE = 32
    """Equal values whose derivatives are equal too: whether they part, no first derivative says."""
    NEAR = 64
    """Values that rounding may make equal, or put the other way round."""
    JUMP = 128
    """A value that jumps in NumPy: there is no slope, whatever formulas say."""


@dataclass
class Rounding:
    """Errors put on purpose on every result: relative ones, and of the size of the least number."""

    unit: float
    least: float
    source: random.Random

    def by(self) -> Any:
        return 1 + mp.mpf(self.unit * self.source.uniform(-1, 1))

    def __call__(self, v: Any, t: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
        by = self.by()
        return v * by + self.least * self.source.uniform(-1, 1), tuple(x * by for x in t)


@dataclass
class Mode:
    """How results are rounded now, the range of numbers, and what ties comparisons met."""

    rounding: Rounding | None = None
    largest: Any = 1.7e308
    smallest: Any = 2.3e-308
    near: float = 0.0
    """Values closer than that, relatively, are equal to floating-point numbers."""
    tied: int = 0
    dtype: Any = float


MODE = Mode()


class Dual:
    """A number with its derivatives in all directions, () for none, and doubts about them.

    `given` are numbers that nothing was computed from: a cast rounds these, as NumPy does, and
    leaves exact results as they are.
    """

    __slots__ = ("doubt", "given", "t", "v")

    def __init__(
        self, v: Any, t: tuple[Any, ...] = (), doubt: int = 0, *, given: bool = False
    ) -> None:
        self.v, self.t, self.doubt, self.given = v, t, doubt, given


def dual(x: Any) -> Dual:
    if isinstance(x, Dual):
        return x
    v = mp.mpf(0 if x is None else int(x) if isinstance(x, (bool, np.bool_, np.integer)) else x)
    zero = isinstance(x, (float, np.floating)) and x == 0 and np.signbit(x)
    return Dual(v, (), Doubt.ZERO if zero else 0, given=True)


def cast(x: Dual, dtype: Any) -> Dual:
    """Round a given number to a dtype."""
    return dual(float(dtype.type(float(x.v)))) if x.given else x


def made(v: Any, *parts: tuple[Any, Dual], doubt: int = 0) -> Dual:
    """Return a result from slopes and operands; an infinite slope is an edge where it matters."""
    t: tuple[Any, ...] = ()
    for slope, x in parts:
        doubt |= x.doubt
        if x.t:
            if not mp.isfinite(slope):
                doubt |= Doubt.EDGE
            by = slope if MODE.rounding is None else MODE.rounding(slope, ())[0]
            part = tuple(by * s for s in x.t)
            t = tuple(map(operator.add, t, part)) if t else part
    if MODE.rounding is not None:
        v, t = MODE.rounding(v, t)
    size = abs(v)
    if not size <= MODE.largest:
        doubt |= Doubt.OVERFLOW if size > MODE.largest else Doubt.EDGE
    elif size < MODE.smallest and v != 0:
        doubt |= Doubt.UNDERFLOW
    return Dual(v, t, doubt)


def tie(x: Dual, y: Dual) -> int:
    """Say what it means that two values are equal, or cannot be told apart: one may vary."""
    if not x.t + y.t or not abs(x.v - y.v) <= MODE.near * max(abs(x.v), abs(y.v)):
        return 0
    if x.v != y.v:
        return Doubt.NEAR
    return Doubt.TIE if x.t == y.t or not any(x.t + y.t) else Doubt.KINK


@contextmanager
def rounded(unit: float, least: float, seed: int) -> Iterator[None]:
    """Put errors of `unit` on every result inside the block."""
    MODE.rounding = Rounding(unit, least, random.Random(seed))
    try:
        yield
    finally:
        MODE.rounding = None


def differentiate(
    problem: Any, digits: int = 40, near: float = 0.0, along: tuple[int, str] | None = None
) -> Dual:
    """Evaluate a problem's loss over dual numbers at its own point, or beside it.

    `along` names one entry of the flat vector and how far it is moved, in decimal digits: then
    no other varies, and there is one derivative.

    Returns
    -------
    Dual
        With one derivative for each parameter, in the order of the flat vector, and the doubts
        about them, those of comparisons included.
    """
    from tests.dual_arrays import Exact
    from tests.dual_namespace import Duals

    info = np.finfo(problem.dtype)
    with mp.workdps(digits), np.errstate(all="ignore"):
        MODE.tied, MODE.near, MODE.largest = 0, near, mp.mpf(float(info.max))
        MODE.smallest, MODE.dtype = mp.mpf(float(info.smallest_normal)), problem.dtype
        count, start = problem.size, 0
        entry, move = along or (None, "0")
        given = {}
        for name, array in problem.structure.check(problem.params).items():
            entries = []
            for x in array.ravel().tolist():
                unit = tuple(mp.mpf(k == start) for k in range(count))
                if along:
                    unit = (mp.mpf(1),) if start == entry else ()
                doubt = Doubt.ZERO if x == 0 and np.signbit(x) else 0
                place = mp.mpf(x) + (mp.mpf(move) if start == entry else 0)
                entries.append(Dual(place, unit, doubt))
                start += 1
            values = np.empty(len(entries), object)
            values[:] = entries
            given[name] = Exact(values.reshape(array.shape))
        data = {name: Exact.of(array) for name, array in problem.data.items()}
        result = problem.loss(problem.structure.restore(given), **data, xp=Duals())
        loss = Exact.of(result).whole()[()]
        none = (mp.mpf(0),) * (1 if along else count)
        return Dual(loss.v, loss.t or none, loss.doubt | MODE.tied)
