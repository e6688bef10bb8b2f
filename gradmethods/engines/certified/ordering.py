"""Sorting balls, and the places of sorted balls: what the order of all pairs is needed for.

Where balls tell the order of all entries, sorting moves them. Where some are equal, or not told
apart, pairs are put in order one by one by their smaller and larger one, whose ties are settled as
those of all maxima are.

Source: K. E. Batcher, Sorting networks and their applications, AFIPS Spring Joint Computing
Conference 1968, 307-314.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from functools import cmp_to_key
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.certified import decisions
from gradmethods.engines.certified.arrays import Ball, Mask
from gradmethods.engines.certified.decisions import Undecided
from gradmethods.engines.certified.numbers import tied
from gradmethods.engines.certified.piecewise import Piecewise, negated
from gradmethods.errors import NotDifferentiable

Places = NDArray[np.intp]


class Ordering(Piecewise):
    """The part of the namespace that puts entries in order."""

    def _sort(self, a: Ball, *, axis: int) -> Ball:
        """Sort by comparing pairs: whatever ties, the smaller and the larger are known."""
        positions = np.moveaxis(np.arange(a.values.size).reshape(a.shape), axis, 0)
        rows = self._taken(a, positions)
        for first, second in _pairs(len(positions)):
            one, other = (self._at(rows, places) for places in (first, second))
            lesser = negated(self._maximum(negated(one), negated(other)))
            greater = self._maximum(one, other)
            joined = self._concat(rows, lesser, greater, axis=0)
            order = np.arange(len(positions))
            order[first] = len(positions) + np.arange(len(first))
            order[second] = len(positions) + len(first) + np.arange(len(second))
            rows = self._at(joined, order)
        back = np.moveaxis(np.arange(a.values.size).reshape(positions.shape), 0, axis)
        return self._taken(rows, back)

    def _at(self, a: Ball, places: Any) -> Ball:
        return self._taken(a, np.arange(a.values.size).reshape(a.shape)[places])

    def _places(self, name: str, a: Ball, *, axis: int, keepdims: bool = False) -> Places:
        """Return places, which are plain integers where the order is certain."""
        decisions.check_around(name, a)
        rows = np.moveaxis(a.values, axis, -1)
        varies = np.moveaxis(np.broadcast_to(a.varies, a.shape), axis, -1)
        if name == "argsort":
            result = np.empty(rows.shape, np.intp)
            for i in np.ndindex(rows.shape[:-1]):
                result[i] = _order(rows[i], varies[i])
            return np.moveaxis(result, -1, axis)
        extreme = np.empty(rows.shape[:-1], np.intp)
        for i in np.ndindex(extreme.shape):
            extreme[i] = _extreme(name, rows[i], varies[i])
        return np.expand_dims(extreme, axis) if keepdims else extreme


def _order(row: Any, varies: Mask) -> list[int]:
    """Put the entries of a vector in order, equal constants as they stand."""

    def compared(i: int, j: int) -> int:
        if row[i] < row[j]:
            return -1
        return 1 if row[i] > row[j] else _of_constants("argsort", row, varies, i, j)

    return sorted(range(len(row)), key=cmp_to_key(compared))


def _extreme(name: str, row: Any, varies: Mask) -> int:
    """Return the place of an extreme, the first of equal constants; how others tie is no matter."""
    beats = operator.gt if name == "argmax" else operator.lt
    first, *others = (i for i, x in enumerate(row) if not any(beats(y, x) for y in row))
    for other in others:
        _of_constants(name, row, varies, first, other)
    return first


def _of_constants(name: str, row: Any, varies: Mask, i: int, j: int) -> int:
    """Leave equal constants as they stand; what else is not told apart has no order."""
    x, y = row[i], row[j]
    if not tied(x, y):
        raise Undecided(f"xp.{name} compares {x.str(8)} and {y.str(8)}")
    if varies[i] or varies[j]:
        raise NotDifferentiable(f"xp.{name} jumps where two entries are equal, as here, {x.str(8)}")
    return i - j


def _pairs(count: int) -> Iterator[tuple[Places, Places]]:
    """Yield rounds of pairs of places, disjoint in each: sorting them in turn sorts all."""
    p = 1
    while p < count:
        k = p
        while k >= 1:
            found = [
                (i + j, i + j + k)
                for j in range(k % p, count - k, 2 * k)
                for i in range(min(k, count - j - k))
                if (i + j) // (2 * p) == (i + j + k) // (2 * p)
            ]
            if found:
                first, second = np.array(found).T
                yield first, second
            k //= 2
        p *= 2
