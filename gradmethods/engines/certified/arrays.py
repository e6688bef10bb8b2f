"""Arrays of balls, and how they vary with the parameters.

A ball is an Arb number: a midpoint and a radius, and the true value is certain to lie between. The
balls of an array are the entries of a NumPy array of objects, which moves them and calls their
operators; nothing else here is NumPy's.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import methodcaller
from typing import Any, Self

import numpy as np
from flint import arb
from numpy.typing import NDArray

Objects = NDArray[Any]
"""An array of objects; their types are not NumPy's business."""

Mask = NDArray[np.bool_]
Levels = NDArray[np.int8]

ZERO: Any = arb(0)
ONE: Any = arb(1)
NAN: Any = arb("nan")

CONSTANT, SMOOTHLY, ABRUPTLY = map(np.int8, (0, 1, 2))
"""How an entry depends on the parameters: not at all; defined and continuous all around the point;
or perhaps not, as at the edge of a domain or at a jump. A value says nothing about neighbours."""


def boxed(result: Any) -> Objects:
    """Return an array as it is, and a bare object, to which 0-d arrays collapse, in one."""
    if isinstance(result, np.ndarray):
        return result
    array = np.empty((), object)
    array[()] = result
    return array


def each(function: Callable[..., Any], *arrays: Any) -> Objects:
    """Call a function on the entries of arrays that broadcast."""
    return boxed(np.frompyfunc(function, len(arrays), 1)(*arrays))


is_finite, is_zero = methodcaller("is_finite"), methodcaller("is_zero")


def holds(predicate: Callable[..., bool], *arrays: Any) -> NDArray[np.bool_]:
    """Ask a question about the entries of arrays that broadcast."""
    return np.asarray(each(predicate, *arrays), bool)


def filled(shape: tuple[int, ...], ball: Any = ZERO) -> Objects:
    """Make an array that holds one ball everywhere."""
    array = np.empty(shape, object)
    array.fill(ball)
    return array


def exact(constant: Any) -> Objects:
    """Make balls of radius 0 of NumPy's numbers: floats are exact binary fractions."""
    array = np.asarray(constant)
    numbers = array.astype(np.int8) if array.dtype.kind == "b" else array
    return from_list([arb(number) for number in numbers.ravel().tolist()], array.shape)


def from_list(balls: list[Any], shape: tuple[int, ...]) -> Objects:
    """Arrange balls in an array of some shape."""
    return np.fromiter(balls, object, len(balls)).reshape(shape)


class Variation(ABC):
    """How an array varies with the parameters, to first order; NaN where it has no derivative.

    Forwards it is `Tangents`, numbers along some directions; in reverse it is a `Trace`, which
    remembers the way back. What a primitive does to it is written once, for both.

    Attributes
    ----------
    unit : float
        Unit round-off of the arithmetic whose rounding errors the radii shall cover, as in
        `gradmethods.engines.certified.namespace.Balls`.
    """

    unit: float

    @abstractmethod
    def zeros(self, shape: tuple[int, ...]) -> Self:
        """Return the variation of constants."""

    @abstractmethod
    def spread(self, shape: tuple[int, ...]) -> Self:
        """Broadcast the array to `shape`."""

    @abstractmethod
    def scaled(self, by: Objects) -> Self:
        """Multiply by a number for each entry; `by` has the shape to broadcast to."""

    @abstractmethod
    def plus(self, other: Self) -> Self:
        """Add the variation of an array of this shape."""

    @abstractmethod
    def negated(self) -> Self:
        """Change the sign."""

    @abstractmethod
    def moved(self, positions: NDArray[np.intp]) -> Self:
        """Take entries by their positions in the flattened array."""

    @abstractmethod
    def scattered(self, positions: NDArray[np.intp], shape: tuple[int, ...]) -> Self:
        """Add entries to zeros of some shape, at positions in that, flattened."""

    @abstractmethod
    def joined(self, others: Sequence[Self], axis: int) -> Self:
        """Join with the variations of other arrays along an axis."""

    @abstractmethod
    def total(self, axes: tuple[int, ...], *, keepdims: bool) -> Self:
        """Add entries over axes."""

    @abstractmethod
    def running_total(self, axis: int) -> Self:
        """Add entries up to each."""

    @abstractmethod
    def before(self, b: Objects) -> Self:
        """Multiply matrices by those of `b` on their right."""

    @abstractmethod
    def after(self, a: Objects) -> Self:
        """Multiply matrices by those of `a` on their left."""

    @abstractmethod
    def selected(self, here: Mask, other: Self, there: Mask) -> Self:
        """Take entries of this, entries of another, and NaN where neither is true."""

    @abstractmethod
    def together(self, groups: NDArray[np.intp], loose: Self) -> Self:
        """Keep of the entries of a vector that are in one group no more than how their sum varies.

        A loss that weighs them otherwise than equally, to the last bit of the weights, gets NaN.
        What weights within one ball may differ by is multiplied by `loose`, which holds how far
        each entry alone can vary.
        """

    @abstractmethod
    def still(self, places: Mask, loose: Self) -> Self:
        """Keep of the entries of a vector those that have a slope; at places they have none.

        A loss gets NaN that weighs one of them by what is not 0. What a weight within its ball may
        be off from 0 is multiplied by `loose`, which holds how far each entry can vary.
        """

    @abstractmethod
    def alike(self, other: Self) -> Mask:
        """Say where two arrays of one shape vary alike for certain."""


def either(*balls: Ball) -> Levels:
    """Say how entries vary that are made of those of several arrays that broadcast."""
    return np.asarray(functools.reduce(np.maximum, [ball.varying for ball in balls]))


def taken(values: Objects, positions: NDArray[np.intp]) -> Objects:
    """Take entries by their positions in the flattened array."""
    result: Objects = values.reshape(-1)[positions.ravel()].reshape(positions.shape)
    return result


@dataclass(frozen=True, eq=False)
class Ball:
    """The payload of an array: balls, and what is known about how they vary.

    Attributes
    ----------
    values : numpy.ndarray of arb
    dtype : numpy.dtype
        What the array stands for in the loss.
    variation : Variation, or None
        None if no entry depends on the directions at hand.
    varying : numpy.ndarray of int8, or numpy.int8
        `CONSTANT`, `SMOOTHLY` or `ABRUPTLY`; of a shape that broadcasts to that of the values. The
        variation of what is constant is 0.
    never_negative : bool
        Whether no entry is below 0, at whatever parameters.
    """

    values: Objects = field(repr=False)
    dtype: np.dtype[Any]
    variation: Variation | None = field(default=None, repr=False)
    varying: Levels | np.int8 = field(default=CONSTANT, repr=False)
    never_negative: bool = field(default=False, repr=False)

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self.values.shape

    @property
    def levels(self) -> Levels:
        """Say of every entry how it depends on the parameters."""
        return np.broadcast_to(self.varying, self.shape)

    @property
    def varies(self) -> Mask:
        """Say of every entry whether it depends on any parameter."""
        return np.asarray(self.levels != CONSTANT)

    @property
    def abrupt(self) -> Mask:
        """Say of every entry whether it may jump or end at the point."""
        return np.asarray(self.levels == ABRUPTLY)


def variations(*balls: Ball) -> list[Variation] | None:
    """Return how arrays vary, those of constants as zeros; None if all are constants."""
    some = next((ball.variation for ball in balls if ball.variation is not None), None)
    if some is None:
        return None
    return [some.zeros(b.shape) if b.variation is None else b.variation for b in balls]
