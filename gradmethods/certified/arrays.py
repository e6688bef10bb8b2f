"""Arrays of balls, and of their derivatives along several directions at once.

A ball is an Arb number: a midpoint and a radius, and the true value is certain to lie between. The
balls of an array are the entries of a NumPy array of objects, which moves them and calls their
operators; nothing else here is NumPy's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

Objects = NDArray[Any]
"""An array of objects; their types are not NumPy's business."""

ZERO: Any = arb(0)
ONE: Any = arb(1)
NAN: Any = arb("nan")


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


def _is_still(derivative: Any) -> bool:
    """Tell the zero of what does not vary from those that were computed."""
    return derivative is ZERO


@dataclass(frozen=True, eq=False)
class Tangents:
    r"""Derivatives of an array of some shape along K directions: ``block * factor``.

    Element-wise functions multiply the factor, one number for each entry, and leave the block of
    K times as many alone until something needs the products.

    Attributes
    ----------
    block : numpy.ndarray of arb
        Shape (K, \*shape).
    factor : numpy.ndarray of arb, or None
        Of the array's shape; None stands for ones.
    """

    block: Objects
    factor: Objects | None = None

    def __len__(self) -> int:
        return len(self.block)

    def spread(self, shape: tuple[int, ...]) -> Tangents:
        """Broadcast the array to `shape`."""
        count, *own = self.block.shape
        if tuple(own) == shape:
            return self
        lead = (1,) * (len(shape) - len(own))
        block = np.broadcast_to(self.block.reshape((count, *lead, *own)), (count, *shape))
        factor = None if self.factor is None else np.broadcast_to(self.factor, shape)
        return Tangents(block, factor)

    def scaled(self, by: Objects) -> Tangents:
        """Multiply every entry's derivatives by a number; `by` has the shape to broadcast to."""
        wide = self.spread(by.shape)
        return Tangents(wide.block, by if wide.factor is None else boxed(wide.factor * by))

    def whole(self) -> Objects:
        r"""Return the derivatives themselves, shape (K, \*shape).

        What does not vary along a direction at all, there `ZERO` itself, goes on not to vary where
        a slope is not finite: acos of what is clipped to 1 is constant.
        """
        if self.factor is None:
            return self.block
        product = boxed(self.block * self.factor)
        ill = ~holds(arb.is_finite, self.factor)
        if not ill.any():
            return product
        return boxed(np.where(ill & holds(_is_still, self.block), ZERO, product))

    def moved(self, positions: NDArray[np.intp]) -> Tangents:
        """Take entries by their positions in the flattened array."""
        block = self.block.reshape(len(self), -1)[:, positions]
        factor = None if self.factor is None else taken(self.factor, positions)
        return Tangents(block, factor)


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
    tangents : Tangents, or None
        None if no entry depends on the directions at hand.
    varies : bool
        Whether any entry depends on any parameter.
    """

    values: Objects = field(repr=False)
    dtype: np.dtype[Any]
    tangents: Tangents | None = field(default=None, repr=False)
    varies: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self.values.shape

    def derivatives(self, count: int) -> Objects:
        """Return the derivatives along `count` directions, zeros if there are no tangents."""
        if self.tangents is None:
            return filled((count, *self.shape))
        return self.tangents.whole()
