"""Functions that choose: maxima, absolute values and `where`, and the truth values they choose by.

Where two sides are equal, or not told apart, a derivative that depends on the choice is NaN.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from gradmethods.certified import decisions
from gradmethods.certified.arrays import ABRUPTLY, Ball, boxed, each, either, holds, variations
from gradmethods.certified.moving import Moving
from gradmethods.certified.numbers import tied


class Piecewise(Moving):
    """The part of the namespace that chooses between its operands.

    Attributes
    ----------
    doubts : list of str
        Where a derivative did not exist, or was not decided.
    """

    doubts: list[str]

    def _maximum(self, a: Ball, b: Ball) -> Ball:
        x, y = np.broadcast_arrays(a.values, b.values)
        below, above, neither = decisions.order(x, y)
        same = neither & holds(_one_and_the_same, x, y)
        larger = np.where(same, x, each(arb.max, x, y))
        values = np.where(above, x, np.where(below, y, larger))
        abrupt = np.asarray(either(a, b) == ABRUPTLY)  # the smaller one may be the larger beside
        above, below = above & ~abrupt, below & ~abrupt
        varying = np.where(above, a.levels, np.where(below, b.levels, either(a, b)))
        parts = variations(self._spread(a, x.shape), self._spread(b, x.shape))
        if parts is None:
            return Ball(values, a.dtype, None, varying)
        one, other = parts
        if neither.any():
            # Where equal values vary alike, their maximum varies as they do.
            alike = (same | (one.alike(other) & holds(tied, x, y))) & ~abrupt
            above = above | (neither & alike)
            if (neither & ~alike & ~abrupt).any():
                at = x[neither & ~alike][0].str(8)
                self.doubts.append(f"a kink of xp.maximum, minimum, abs, max or min is near {at}")
        return Ball(values, a.dtype, one.selected(above, other, below), varying)

    def _minimum(self, a: Ball, b: Ball) -> Ball:
        first = negated(a)
        return negated(self._maximum(first, first if b is a else negated(b)))

    def _abs(self, a: Ball) -> Ball:
        return self._maximum(a, negated(a))

    def _where(self, condition: Ball, a: Ball, b: Ball) -> Ball:
        chosen = holds(lambda ball: ball == 1, condition.values)
        values = boxed(np.where(chosen, a.values, b.values))
        parts = variations(self._spread(a, values.shape), self._spread(b, values.shape))
        variation = None if parts is None else parts[0].selected(chosen, parts[1], ~chosen)
        varying = np.where(chosen, a.levels, b.levels)
        return Ball(values, a.dtype, variation, varying)

    def _truth_of(self, payload: Any) -> NDArray[np.bool_]:
        if not isinstance(payload, Ball):
            return np.asarray(payload, bool)
        return decisions.compare("not_equal", self._here(payload), self.ball(0))

    def _here(self, ball: Ball) -> Ball:
        """Return the balls that decide."""
        return ball

    def _max(self, a: Ball, *, axis: tuple[int, ...], keepdims: bool) -> Ball:
        """Halve the entries by maximum: ties among those that lose do no harm."""
        positions = np.moveaxis(np.arange(a.values.size).reshape(a.shape), axis, range(len(axis)))
        kept = positions.shape[len(axis) :]
        rows = positions.reshape(math.prod(positions.shape[: len(axis)]), *kept)
        best = self._taken(a, rows)
        while len(rows) > 1:
            half = len(rows) // 2
            numbers = np.arange(best.values.size).reshape(best.shape)
            pairs = self._maximum(
                self._taken(best, numbers[:half]), self._taken(best, numbers[half : 2 * half])
            )
            rest = self._taken(best, numbers[2 * half :])
            best = self._concat(pairs, rest, axis=0)
            rows = rows[: half + len(rows) % 2]
        shape = tuple(1 if i in axis else n for i, n in enumerate(a.shape)) if keepdims else kept
        return self._taken(best, np.arange(best.values.size).reshape(shape))

    def _min(self, a: Ball, *, axis: tuple[int, ...], keepdims: bool) -> Ball:
        return negated(self._max(negated(a), axis=axis, keepdims=keepdims))


def negated(a: Ball) -> Ball:
    """Change every sign."""
    variation = a.variation and a.variation.negated()
    return Ball(boxed(-a.values), a.dtype, variation, a.varying)


def _one_and_the_same(x: arb, y: arb) -> bool:
    """Whether two rounded numbers were computed once, so that they vary alike as well."""
    return x is y and x.is_finite() and not x.is_exact()
