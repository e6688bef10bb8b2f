"""Reverse mode: how an array varies, as the way back from it to the parameters.

Each step is a linear map, and only its transpose is kept. Going back from the loss adds up what
every entry contributes to it: the whole gradient in one sweep. The slopes are those of forward
mode.

A cotangent that is `ZERO` itself, not only equal to it, is structural: nothing selected the entry,
so that no slope below it counts, be it NaN. (In forward mode such derivatives are never looked at.)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, count, pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.certified.arrays import (
    NAN,
    ONE,
    ZERO,
    Mask,
    Objects,
    Variation,
    boxed,
    each,
    filled,
    holds,
    taken,
)
from gradmethods.engines.certified.products import UP, product, sizes, sum_of_two, widened

Back = Callable[[Objects], Objects]
"""A transpose: from the cotangents of an array to what they add to those of another."""

_serial = count()


class Trace(Variation):
    """Where an array comes from, and how cotangents go back there.

    Parameters
    ----------
    shape : tuple of int
        Of the array.
    *steps : tuple of Trace and callable
        The arrays that it is made of, with the transposes.
    unit : float, optional
        Unit round-off, as in `Variation`; sums back may be added in any order.
    """

    def __init__(
        self, shape: tuple[int, ...], *steps: tuple[Trace, Back], unit: float = 0.0
    ) -> None:
        self.shape, self.steps, self.unit = shape, steps, unit
        self.serial = next(_serial)

    def zeros(self, shape: tuple[int, ...]) -> Self:
        """Return the variation of constants: no way leads back from them."""
        return self._made(shape)

    def spread(self, shape: tuple[int, ...]) -> Self:
        """Broadcast the array to `shape`."""
        return (
            self
            if shape == self.shape
            else self.then(shape, lambda g: _gathered(g, self.shape, self.unit))
        )

    def scaled(self, by: Objects) -> Self:
        """Multiply by a number for each entry; `by` has the shape to broadcast to."""
        return self.spread(by.shape).then(by.shape, lambda g: boxed(_times(g, by)))

    def plus(self, other: Self) -> Self:
        """Add the variation of an array of this shape."""
        return self._made(self.shape, (self, _same), (other, _same))

    def negated(self) -> Self:
        """Change the sign."""
        return self.then(self.shape, lambda g: boxed(_times(g, -ONE)))

    def moved(self, positions: NDArray[np.intp]) -> Self:
        """Take entries by their positions in the flattened array."""
        return self.then(positions.shape, lambda g: _scattered(g, positions, self.shape, self.unit))

    def scattered(self, positions: NDArray[np.intp], shape: tuple[int, ...]) -> Self:
        """Add entries to zeros of some shape, at positions in that, flattened."""
        return self.then(shape, lambda g: taken(g, positions))

    def joined(self, others: Sequence[Self], axis: int) -> Self:
        """Join with the variations of other arrays along an axis."""
        parts = (self, *others)
        shape = list(self.shape)
        ends = [0, *accumulate(x.shape[axis] for x in parts)]
        shape[axis] = ends[-1]

        def cut(start: int, stop: int) -> Back:
            place = (slice(None),) * axis + (slice(start, stop),)
            return lambda g: g[place]

        steps = [(x, cut(*ends_of)) for x, ends_of in zip(parts, pairwise(ends), strict=True)]
        return self._made(tuple(shape), *steps)

    def total(self, axes: tuple[int, ...], *, keepdims: bool) -> Self:
        """Add entries over axes."""
        kept = tuple(1 if i in axes else n for i, n in enumerate(self.shape))
        shape = kept if keepdims else tuple(n for i, n in enumerate(self.shape) if i not in axes)
        return self.then(shape, lambda g: np.broadcast_to(g.reshape(kept), self.shape))

    def running_total(self, axis: int) -> Self:
        """Add entries up to each."""
        return self.then(self.shape, lambda g: _running_total(g, axis, self.unit))

    def before(self, b: Objects) -> Self:
        """Multiply matrices by those of `b` on their right."""
        shape = (*np.broadcast_shapes(self.shape[:-2], b.shape[:-2]), self.shape[-2], b.shape[-1])
        return self.then(shape, lambda g: _left_factor(g, b, self.shape, self.unit))

    def after(self, a: Objects) -> Self:
        """Multiply matrices by those of `a` on their left."""
        return self.turned().before(np.swapaxes(a, -1, -2)).turned()

    def selected(self, here: Mask, other: Self, there: Mask) -> Self:
        """Take entries of this, entries of another, and NaN where neither is true."""

        def where(mine: Mask, yours: Mask) -> Back:
            missing = ~(mine | yours)
            return lambda g: boxed(np.where(mine, g, np.where(missing, _times(g, NAN), ZERO)))

        return self._made(self.shape, (self, where(here, there)), (other, where(there, here)))

    def together(self, groups: NDArray[np.intp], loose: Self) -> Self:
        """Keep of the entries of a vector that are in one group no more than their sum."""
        grouped = np.bincount(groups)[groups] > 1

        def back(g: Objects) -> Objects:
            same = [all(_identical(x, g[first]) for x in g[groups == k]) for k, first in firsts]
            return boxed(np.where(np.array(same)[groups], g, NAN))

        def apart(g: Objects) -> Objects:
            return boxed(np.where(grouped, each(lambda x: 2 * x.rad(), g), ZERO))

        firsts = [(k, int(np.argmax(groups == k))) for k in range(int(groups[-1]) + 1)]
        return self._made(self.shape, (self, back), (loose, apart))

    def still(self, places: Mask, loose: Self) -> Self:
        """Keep of the entries of a vector those that have a slope, and of the others a bound."""

        def back(g: Objects) -> Objects:
            return boxed(np.where(places, ZERO, g))

        def bound(g: Objects) -> Objects:
            within = each(lambda x: x if x.contains(0) else NAN, g)
            return boxed(np.where(places, within, ZERO))

        return self._made(self.shape, (self, back), (loose, bound))

    def alike(self, other: Self) -> Mask:
        """Say where two arrays of one shape vary alike for certain: if they are the same."""
        return np.full(self.shape, self is other)

    def then(self, shape: tuple[int, ...], back: Back) -> Self:
        """Return where an array of some shape comes from that is made of this one."""
        return self._made(shape, (self, back))

    def _made(self, shape: tuple[int, ...], *steps: tuple[Trace, Back]) -> Self:
        return type(self)(shape, *steps, unit=self.unit)

    def turned(self) -> Self:
        """Transpose matrices."""
        *batch, m, n = self.shape
        return self.then((*batch, n, m), lambda g: np.swapaxes(g, -1, -2))


def gradient(loss: Trace, params: Mapping[str, Trace]) -> dict[str, Objects]:
    """Go back from a loss, and return its derivatives by all parameters."""
    found: dict[Trace, Objects] = {loss: filled(loss.shape, ONE)}
    for trace in _backwards(loss):
        if not trace.steps:
            continue
        cotangents = found.pop(trace)
        for source, back in trace.steps:
            part = back(cotangents)
            if source in found:
                part = sum_of_two(boxed(_plus(found[source], part)), found[source], part, loss.unit)
            found[source] = part
    return {
        name: found[trace] if trace in found else filled(trace.shape)
        for name, trace in params.items()
    }


def _backwards(loss: Trace) -> list[Trace]:
    """Return all that a loss is made of, each before what it is made of itself."""
    seen, todo = {loss}, [loss]
    while todo:
        new = {source for source, _ in todo.pop().steps} - seen
        seen |= new
        todo += new
    return sorted(seen, key=lambda trace: -trace.serial)


def _identical(x: Any, y: Any) -> bool:
    """Say whether two balls are the same to the last bit."""
    return x is y or bool(x.mid() == y.mid() and x.rad() == y.rad())


def _same(g: Objects) -> Objects:
    return g


def _add(a: Any, b: Any) -> Any:
    if a is ZERO:
        return b
    return a if b is ZERO else a + b


_plus = np.frompyfunc(_add, 2, 1, identity=ZERO)
_times: Any = np.frompyfunc(lambda g, x: g if g is ZERO else g * x, 2, 1)


def _gathered(g: Objects, shape: tuple[int, ...], unit: float) -> Objects:
    """Add up the cotangents of an array of some shape that was broadcast."""
    lead = g.ndim - len(shape)
    ones = (1,) * lead + shape
    axes = tuple(i for i, n in enumerate(g.shape) if ones[i] == 1 != n)
    result = g
    for axis in axes:
        result = boxed(_plus.reduce(result, axis=axis, keepdims=True))
    if unit and axes:
        count = math.prod(g.shape[i] for i in axes)
        result = widened(result, count * unit * UP * sizes(g).sum(axis=axes, keepdims=True))
    return result.reshape(shape)


def _scattered(
    g: Objects, positions: NDArray[np.intp], shape: tuple[int, ...], unit: float
) -> Objects:
    """Add up the cotangents of entries that were taken, at their positions."""
    flat, where = filled((math.prod(shape),)), positions.ravel()
    _plus.at(flat, where, g.ravel())
    if unit and where.size:
        often = np.bincount(where, minlength=flat.size)
        total = np.bincount(where, sizes(g).ravel(), flat.size)
        flat = widened(flat, np.where(often > 1, often * unit * UP * total, 0.0))
    return flat.reshape(shape)


def _running_total(g: Objects, axis: int, unit: float) -> Objects:
    """Add up the cotangents of running totals: from the end."""
    turned = np.flip(g, axis)
    result = boxed(_plus.accumulate(turned, axis))
    if unit:
        result = widened(result, g.shape[axis] * unit * UP * sizes(turned).cumsum(axis=axis))
    return np.flip(result, axis)


def _left_factor(g: Objects, b: Objects, shape: tuple[int, ...], unit: float) -> Objects:
    """Return what the cotangents of a product add to those of its left factor: g bᵀ.

    Rows of structural zeros make such rows; columns of them meet no entry of `b`.
    """
    bt = np.swapaxes(b, -1, -2)
    if len(shape) == 2 < b.ndim:  # one factor of many products: they become one
        m, k = shape
        n = math.prod(g.shape[:-2]) * g.shape[-1]
        g, bt = np.moveaxis(g, -2, 0).reshape(m, n), bt.reshape(n, k)
    structural = holds(lambda x: x is ZERO, g)
    if structural.any():
        unmet = np.swapaxes(structural.all(-2, keepdims=True), -1, -2)
        bt = boxed(np.where(unmet, ZERO, bt))
    full = product(g, bt, unit=unit)
    rows = np.broadcast_to(structural.all(-1, keepdims=True), full.shape)
    return _gathered(boxed(np.where(rows, ZERO, full)), shape, unit)
