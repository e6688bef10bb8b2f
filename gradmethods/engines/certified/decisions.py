"""What of balls can be decided: order, equality, whole parts. Nothing is ever guessed.

A comparison of values that vary is decided if it comes out the same all around the point. Two
values that are equal exactly are such a place only if neither varies.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from flint import arb

from gradmethods.engines.certified.arrays import Ball, Mask, Objects, each, holds, is_finite
from gradmethods.engines.certified.functions import over_balls
from gradmethods.engines.certified.numbers import is_infinity, tied
from gradmethods.errors import NotDifferentiable
from gradmethods.xp.primitives import Kind, of_kind


class Settled(NamedTuple):
    """How choices between equal values were settled, of which it does not matter how.

    Attributes
    ----------
    name : str
        Of the primitive that chooses.
    tied : numpy.ndarray of bool
        Where values are equal.
    below, above : numpy.ndarray of bool
        Where the first of two is taken to be the smaller, and where the larger.
    """

    name: str
    tied: Mask
    below: Mask
    above: Mask

    def over(self, below: Mask, above: Mask) -> tuple[Mask, Mask, Mask]:
        """Complete what balls decide."""
        below, above = np.where(self.tied, (self.below, self.above), (below, above))
        return below, above, ~(below | above | self.tied)


class Undecided(NotDifferentiable):
    """Balls of this precision do not tell; those of a higher one may."""


class Tie(NotDifferentiable):
    """A choice between equal values stands in the way: it may not matter how it falls.

    Attributes
    ----------
    error : NotDifferentiable
        What is said where it does.
    """

    def __init__(self, error: NotDifferentiable) -> None:
        super().__init__(str(error))
        self.error = error


def order(x: Any, y: Any) -> tuple[Mask, Mask, Mask]:
    """Tell, entry by entry, whether x < y, whether x > y, and whether neither is certain."""
    below, above = holds(operator.lt, x, y), holds(operator.gt, x, y)
    return below, above, ~(below | above)


COMPARISONS = of_kind(Kind.COMPARISON)


def compare(name: str, a: Ball, b: Ball, settled: Settled | None = None) -> Mask:
    """Decide a comparison; of equal values, as it was settled elsewhere."""
    check_around(name, a, b)
    below, above, neither = order(a.values, b.values)
    if settled is not None:
        below, above, neither = settled.over(below, above)
    if neither.any():
        x, y = (_first(array, neither) for array in (a.values, b.values))
        if not (holds(tied, a.values, b.values) | ~neither).all():
            raise Undecided(f"xp.{name} compares {_text(x)} and {_text(y)}")
        at_a_tie = neither & (a.varies | b.varies)
        if at_a_tie.any():
            x = _first(a.values, at_a_tie)
            raise NotDifferentiable(f"xp.{name} compares two values that are equal, {_text(x)}")
    truth: Mask = COMPARISONS[name].numpy(above.astype(int) - below, 0)
    return truth


def step(name: str, a: Ball) -> Objects:
    """Decide signs and whole parts; where they jump, a value that varies has none."""
    check_around(name, a)
    function, jumps = STEPS[name]

    def entry(x: arb, varies: np.bool_) -> Any:
        ends = x.lower(), x.upper()
        low, high = map(function, ends) if x.is_finite() else (None, None)
        on_a_jump = varies and any(map(jumps, ends))
        if on_a_jump and x.is_exact():
            raise NotDifferentiable(f"xp.{name} jumps at {_text(x)}")
        if low is None or not tied(low, high) or on_a_jump:
            raise Undecided(f"xp.{name} is asked of {_text(x)}")
        return low

    return each(entry, a.values, a.varies)


# Whole parts stay balls, which are exact here: as integers those of 1e12's exponential would have
# more bits than there is memory, and GMP ends the process.
STEPS: dict[str, tuple[Callable[[arb], Any], Callable[[arb], bool]]] = {
    name: (over_balls(p.ball), over_balls(p.jumps))
    for name, p in of_kind(Kind.STEP).items()
    if p.ball is not None
}
"""Name → the function of an exact number; whether it jumps there."""

FINITE = of_kind(Kind.TEST)


PLACES = ("argmax", "argmin", "argsort")

DECIDED = (*COMPARISONS, *STEPS, *FINITE, *PLACES)
"""Primitives that go by the values of their operands."""


def finite(name: str, a: Ball) -> Mask:
    """Answer isfinite, isinf and isnan of balls that are finite, and of infinities that stay so."""
    check_around(name, a)
    infinite = holds(is_infinity, a.values) & ~a.varies
    if not (holds(is_finite, a.values) | infinite).all():
        raise Undecided(f"xp.{name} is asked of a value that is not finite")
    found: Mask = FINITE[name].numpy(np.where(infinite, np.inf, 0.0))
    return found


def check_around(name: str, *balls: Ball) -> None:
    """Refuse to decide by values that may be others, or none, beside the point."""
    for ball in balls:
        if ball.abrupt.any():
            x = _first(ball.values, ball.abrupt)
            raise NotDifferentiable(
                f"xp.{name} is asked of {_text(x)}, a value at the edge of a function's domain or "
                "at a jump: beside the point it may be another, or none"
            )


def _first(values: Objects, where: Mask) -> Any:
    return np.broadcast_to(values, where.shape)[where][0]


def _text(x: arb) -> str:
    return str(x.str(8))
