"""Break-even: from how many evaluations, or parameters, on one method is cheaper than another.

Intervals are those of the times, put together for the worst and for the best. Nothing is measured.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Price:
    """The cost of a method: seconds to prepare, and per gradient with its interval."""

    preparation: float
    gradient: float
    low: float
    high: float


@dataclass(frozen=True)
class BreakEven:
    """The number of gradients from which one method is cheaper than another.

    Attributes
    ----------
    value : float
        0 if it is from the start, infinity if it never is.
    low, high : float
        The least and the most that the intervals of the times allow.
    """

    value: float
    low: float
    high: float


def evaluations(one: Price, other: Price) -> BreakEven:
    """Return from how many gradients on `one`, with its preparation, is cheaper than `other`.

    Examples
    --------
    >>> symbolic, differences = Price(2.0, 1e-3, 0.9e-3, 1.1e-3), Price(0.0, 5e-3, 4e-3, 6e-3)
    >>> evaluations(symbolic, differences).value
    500.0
    >>> evaluations(differences, symbolic)  # cheaper at first, dearer in the long run
    BreakEven(value=inf, low=inf, high=inf)
    """
    extra = one.preparation - other.preparation
    return BreakEven(
        _count(extra, other.gradient - one.gradient),
        _count(extra, other.high - one.low),
        _count(extra, other.low - one.high),
    )


def _count(extra: float, saved: float) -> float:
    """Return the evaluations after which what each saves has paid for the extra preparation."""
    if not saved > 0:
        return math.inf  # NaN, of an interval that is not known, too: nothing is promised
    return max(0.0, float(math.ceil(extra / saved)))


def ahead_from(sizes: Sequence[int], one: Sequence[Price], other: Sequence[Price]) -> BreakEven:
    """Return from which size on, of those measured, `one` is cheaper per gradient than `other`.

    Parameters
    ----------
    sizes : sequence of int
        Ascending.
    one, other : sequence of Price
        At each size.

    Returns
    -------
    BreakEven
        The smallest size from which on the median is lower at every larger one too; ``low`` if the
        intervals may be read in favour of `one`, ``high`` if they are read against it.

    Examples
    --------
    >>> flat, steep = [Price(0, 5, 4, 6)] * 3, [Price(0, t, t, t) for t in (1, 5.5, 50)]
    >>> ahead_from([10, 20, 30], flat, steep)
    BreakEven(value=20.0, low=20.0, high=30.0)
    """
    pairs = list(zip(sizes, one, other, strict=True))
    return BreakEven(
        _first([(n, a.gradient < b.gradient) for n, a, b in pairs]),
        _first([(n, a.low < b.high) for n, a, b in pairs]),
        _first([(n, a.high < b.low) for n, a, b in pairs]),
    )


def _first(ahead: Sequence[tuple[int, bool]]) -> float:
    start = math.inf
    for n, wins in reversed(ahead):
        if not wins:
            break
        start = float(n)
    return start
