"""Forward mode: derivatives of an array along several directions at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.certified.arrays import (
    NAN,
    Mask,
    Objects,
    Variation,
    boxed,
    filled,
    holds,
    taken,
)
from gradmethods.engines.certified.numbers import tied
from gradmethods.engines.certified.products import (
    product,
    running_total,
    scattered,
    sum_of_two,
    total,
)


@dataclass(frozen=True, eq=False)
class Tangents(Variation):
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
    unit: float = 0.0

    def whole(self) -> Objects:
        r"""Return the derivatives themselves, shape (K, \*shape)."""
        return self.block if self.factor is None else boxed(self.block * self.factor)

    def zeros(self, shape: tuple[int, ...]) -> Self:
        """Return the derivatives of constants."""
        return self._made(filled((len(self.block), *shape)))

    def spread(self, shape: tuple[int, ...]) -> Self:
        """Broadcast the array to `shape`."""
        count, *own = self.block.shape
        if tuple(own) == shape:
            return self
        lead = (1,) * (len(shape) - len(own))
        block = np.broadcast_to(self.block.reshape((count, *lead, *own)), (count, *shape))
        factor = None if self.factor is None else np.broadcast_to(self.factor, shape)
        return self._made(block, factor)

    def scaled(self, by: Objects) -> Self:
        """Multiply by a number for each entry; `by` has the shape to broadcast to."""
        wide = self.spread(by.shape)
        return self._made(wide.block, by if wide.factor is None else boxed(wide.factor * by))

    def plus(self, other: Self) -> Self:
        """Add the derivatives of an array of this shape."""
        x, y = self.whole(), other.whole()
        return self._made(sum_of_two(boxed(x + y), x, y, self.unit))

    def negated(self) -> Self:
        """Change the sign."""
        return self._made(-self.block, self.factor)

    def moved(self, positions: NDArray[np.intp]) -> Self:
        """Take entries by their positions in the flattened array."""
        block = self.block.reshape(len(self.block), -1)[:, positions]
        factor = None if self.factor is None else taken(self.factor, positions)
        return self._made(block, factor)

    def scattered(self, positions: NDArray[np.intp], shape: tuple[int, ...]) -> Self:
        """Add entries to zeros of some shape, at positions in that, flattened."""
        return self._made(scattered(self.whole(), positions, shape))

    def joined(self, others: Sequence[Self], axis: int) -> Self:
        """Join with the derivatives of other arrays along an axis."""
        return self._made(np.concat([x.whole() for x in (self, *others)], axis + 1))

    def total(self, axes: tuple[int, ...], *, keepdims: bool) -> Self:
        """Add entries over axes."""
        axes = tuple(i + 1 for i in axes)
        return self._made(total(self.whole(), axes, keepdims=keepdims, unit=self.unit))

    def running_total(self, axis: int) -> Self:
        """Add entries up to each."""
        return self._made(running_total(self.whole(), axis + 1, unit=self.unit))

    def before(self, b: Objects) -> Self:
        """Multiply matrices by those of `b` on their right."""
        return self._made(product(self._under(b.ndim), b, unit=self.unit))

    def after(self, a: Objects) -> Self:
        """Multiply matrices by those of `a` on their left."""
        return self._made(product(a, self._under(a.ndim), unit=self.unit))

    def selected(self, here: Mask, other: Self, there: Mask) -> Self:
        """Take entries of this, entries of another, and NaN where neither is true."""
        block = np.where(here, self.whole(), np.where(there, other.whole(), NAN))
        return self._made(boxed(block))

    def together(self, groups: NDArray[np.intp], loose: Self) -> Self:
        """Keep entries that are alone in their group: forwards no weights are known."""
        del loose
        alone = np.bincount(groups)[groups] == 1
        return self._made(boxed(np.where(alone, self.whole(), NAN)))

    def still(self, places: Mask, loose: Self) -> Self:
        """Keep entries that have a slope: forwards no weights are known."""
        del loose
        return self._made(boxed(np.where(places, NAN, self.whole())))

    def alike(self, other: Self) -> Mask:
        """Say where two arrays of one shape have the same derivatives for certain."""
        return np.asarray(holds(tied, self.whole(), other.whole()).all(axis=0))

    def _under(self, axes: int) -> Objects:
        """Return the derivatives of matrices, the directions before the axes of a longer stack."""
        count, *shape = self.block.shape
        return self.whole().reshape(count, *(1,) * (axes - len(shape)), *shape)

    def _made(self, block: Objects, factor: Objects | None = None) -> Self:
        return replace(self, block=block, factor=factor)
