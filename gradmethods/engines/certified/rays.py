"""The loss along rays: what it is just beside a point, in one direction.

Along x + t d, for small t > 0, a value is a series in t; of two series the larger one is that whose
first unlike coefficient is larger. So every choice falls as it does for all small t: one-sided
slopes, jumps, and the gradients that the loss has beside the point come from one evaluation.

Source: Y. Nesterov, Lexicographic differentiation of nonsmooth functions, Mathematical Programming
104 (2005) 669-700.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from flint import arb, arb_series

from gradmethods.core.problem import Problem
from gradmethods.engines.certified import decisions
from gradmethods.engines.certified.arrays import (
    CONSTANT,
    NAN,
    SMOOTHLY,
    ZERO,
    Ball,
    Objects,
    boxed,
    each,
    either,
    exact,
    from_list,
    holds,
    variations,
)
from gradmethods.engines.certified.decisions import Settled, Undecided
from gradmethods.engines.certified.derivatives import Series, evaluate_along, guarded, taylor
from gradmethods.engines.certified.evaluate import Enclosures, point_of, run, slopes
from gradmethods.engines.certified.functions import atan2
from gradmethods.engines.certified.namespace import ROOTS, Balls
from gradmethods.engines.certified.numbers import tied
from gradmethods.engines.certified.series import atan2 as atan2_of_series
from gradmethods.engines.certified.series import head
from gradmethods.engines.certified.tangents import Tangents
from gradmethods.errors import NotDifferentiable

ROOTED = np.int8(3)
"""How that depends on the parameters which is made of a root of 0."""

MOST_AXES = 64
"""Parameters up to which roots of 0 are followed along one after another."""

TERMS = 4
"""Coefficients of a series: the first that differs decides, and roots take two."""


class Beside:
    """A number as it is for small t > 0, to be compared."""

    __slots__ = ("series",)

    def __init__(self, series: Any) -> None:
        self.series = series

    def sign(self, other: Any) -> int:
        """Return on which side of another it is; 0 where that is not certain."""
        rest = self.series - getattr(other, "series", other)
        coefficients = rest.coeffs() if isinstance(rest, arb_series) else [rest]
        if all(c.is_finite() for c in coefficients):
            for c in coefficients:
                if not c.is_zero():
                    return int(c > 0) - int(c < 0)
        return 0

    def __lt__(self, other: Any) -> bool:
        return self.sign(other) < 0

    def __gt__(self, other: Any) -> bool:
        return self.sign(other) > 0

    def __eq__(self, other: object) -> bool:
        """Say whether the two are equal at the point."""
        return bool(head(self.series) == head(getattr(other, "series", other)))

    __hash__ = None  # type: ignore[assignment]  # equal at the point, and perhaps nowhere else

    def is_alike(self, other: Beside) -> bool:
        """Say whether two series are the same, as far as they are known."""
        rest = self.series - other.series
        coefficients = rest.coeffs() if isinstance(rest, arb_series) else [rest]
        return self.series is other.series or all(c.is_zero() for c in coefficients)

    def is_zero(self) -> bool:
        """Say whether it is 0 at the point."""
        return bool(head(self.series).is_zero())

    def is_exact(self) -> bool:
        """Say whether its value at the point is exact."""
        return bool(head(self.series).is_exact())

    def is_finite(self) -> bool:
        """Say whether its value at the point is finite."""
        return bool(head(self.series).is_finite())

    def str(self, digits: int) -> Any:
        """Write its value at the point."""
        return head(self.series).str(digits)


class Ray(Series):
    """The namespace over series in t > 0: every choice falls as it does beside the point.

    Attributes
    ----------
    made : list of Settled
        The choices between values that are equal at the point.
    blind : int
        Where choices do not tell what the gradients beside the point tend to: where values that are
        equal do not part, and at roots of 0 that `roots` does not speak of.
    roots : list of numpy.ndarray
        For each call of a root, the slope along the ray of those that are roots of a square beside
        the point, √c of c t²; None where it is no root of 0.
    """

    kind = "ray"

    def __init__(self) -> None:
        super().__init__()
        self.made: list[Settled] = []
        self.blind = 0
        self.roots: list[Objects] = []

    @property
    def open_choices(self) -> list[Settled]:
        """The choices that there are: the others are decided."""
        return [made for made in self.made if made.tied.any()]

    @property
    def rooted(self) -> int:
        """How many of these are roots of 0."""
        return sum(made.name in ROOTS for made in self.open_choices)

    def settled(self, name: str, *balls: Ball) -> Settled | None:
        """Decide by what is true for all small t > 0."""
        varying = either(*balls) != CONSTANT
        if not varying.any():
            return None
        if name in ROOTS:
            equal = varying & holds(
                lambda *xs: all(head(x).is_zero() for x in xs), *(ball.values for ball in balls)
            )
            self.blind += int((np.broadcast_to(either(*balls), equal.shape) == ROOTED)[equal].any())
            whole = [ball.values for ball in balls]
            of = whole[0] if name == "sqrt" else boxed(whole[0] ** 2 + whole[1] ** 2)
            root = _square_root if name == "hypot" or balls[0].never_negative else _unknown
            self.roots.append(each(lambda x, at: root(x) if at else None, of, equal))
            return self._made(name, equal, equal, equal)
        x, y = np.broadcast_arrays(*(self._here(ball).values for ball in (*balls, balls[0])[:2]))
        if name in decisions.STEPS:
            jumps = decisions.STEPS[name][1]
            equal = varying & holds(lambda n: n.is_exact() and jumps(head(n.series)), x)
            y = each(lambda n: Beside(head(n.series)), x)
        else:
            equal = varying & holds(tied, x, y)
        below, above, neither = decisions.order(x, y)
        same = holds(lambda p, q: p.series is q.series, x, y)
        if name == "maximum":  # of two values that do not part here, the first
            alike = holds(Beside.is_alike, x, y)
            self.blind += int((neither & equal & alike & ~same).any())
            above, same = above | (neither & alike), same | alike
        if (neither & equal & ~same).any():
            raise Undecided("Two equal values do not part along this direction, or too slowly")
        return self._made(name, equal, below & equal, above & equal)

    def _smooth(self, name: str, *balls: Ball) -> Ball:
        result = super()._smooth(name, *balls)
        if name not in ROOTS or not self.made or not either(*balls).any():
            return result
        return replace(result, varying=np.where(self.made[-1].tied, ROOTED, result.levels))

    def _made(self, name: str, *parts: Any) -> Settled:
        self.made.append(Settled(name, *map(np.asarray, parts)))
        return self.made[-1]

    def _here(self, ball: Ball) -> Ball:
        beside = each(lambda x: x if isinstance(x, Beside) else Beside(x), ball.values)
        return replace(ball, values=beside)

    def _at_the_point(self, ball: Ball) -> Ball:
        return replace(ball, values=each(lambda x: head(x.series), ball.values))

    def _maximum(self, a: Ball, b: Ball) -> Ball:
        self.settled("maximum", a, b)
        x, y = np.broadcast_arrays(a.values, b.values)
        below, _, neither = decisions.order(self._here(a).values, self._here(b).values)
        unknown = neither & ~holds(lambda p, q: Beside(p).is_alike(Beside(q)), x, y)
        values = np.where(unknown, NAN, np.where(below, y, x))
        return Ball(values, a.dtype, None, either(a, b))

    def _values(self, name: str, operands: list[Objects]) -> Objects:
        own = BESIDE.get(name)
        if own is None:
            return super()._values(name, operands)
        return each(guarded(own, own), *operands)


def _root(x: Any) -> Any:
    """Take t out of the root of t² (c + …)."""
    if not isinstance(x, arb_series) or x[0] > 0:
        return x.sqrt()
    coefficients = x.coeffs()
    leading = next((i for i, c in enumerate(coefficients) if not c.is_zero()), 1)
    if leading % 2 or not coefficients[leading] > 0:
        return NAN
    root = arb_series(coefficients[leading:], prec=x.prec - leading).sqrt()
    return arb_series([arb(0)] * (leading // 2) + root.coeffs(), prec=x.prec - leading // 2)


def _square_root(x: Any) -> Any:
    """Return √c of c t² + …, a smooth function that is never negative, and 0 at the point."""
    return x[2].sqrt() if isinstance(x, arb_series) else ZERO


def _unknown(_: Any) -> Any:
    """Return NaN, for the root of what may be negative beside the point."""
    return NAN


def _angle(y: Any, x: Any) -> Any:
    """Return the angle of (x, y), on the cut of that side of it on which y is."""
    if isinstance(y, arb_series) and y[0].is_zero() and head(x) < 0:
        side = Beside(y).sign(0)
        return (y / x).atan() + side * arb.pi() if side else NAN
    return guarded(atan2_of_series, atan2)(y, x)


BESIDE: dict[str, Any] = {
    "sqrt": _root,
    "hypot": lambda x, y: _root(x * x + y * y),
    "atan2": _angle,
}
"""Functions that have one-sided series where they have no two-sided ones."""


class OneSided(NamedTuple):
    """What a loss is beside a point, along a ray.

    Attributes
    ----------
    limit, slope : flint.arb
        What it tends to at the point, and its one-sided derivative.
    choices : list of Settled, or None
        How choices fall; None where they do not tell what the gradients beside the point tend to.
        Where they are roots of 0, they tell the average of those along this ray and the opposite
        one.
    """

    limit: arb
    slope: arb
    choices: list[Settled] | None


class Facing(Balls):
    """The namespace over balls, every choice falling as slopes along one direction have it.

    That is enough where the sides of all choices part in proportion to steps, and much faster than
    series.

    Attributes
    ----------
    made : list of Settled
        The choices between values that are equal at the point.
    """

    kind = "facing"

    def __init__(self) -> None:
        super().__init__()
        self.made: list[Settled] = []

    def settled(self, name: str, *balls: Ball) -> Settled | None:
        """Decide by the slopes of the two sides."""
        varying = either(*balls) == SMOOTHLY
        if not (either(*balls) != CONSTANT).any():
            return None
        a, b = (*balls, replace(balls[0], variation=None))[:2]
        x, y = np.broadcast_arrays(a.values, b.values)
        if name in ROOTS:
            equal = varying & holds(arb.is_zero, x) & holds(arb.is_zero, y)
        elif name in decisions.STEPS:
            jumps = decisions.STEPS[name][1]
            equal = varying & holds(lambda n: n.is_exact() and jumps(n), x)
        else:
            equal = varying & holds(tied, x, y)
        below = above = np.zeros(equal.shape, bool)
        if equal.any():
            parts = variations(self._spread(a, x.shape), self._spread(b, x.shape))
            if parts is None or name in ROOTS:
                raise Undecided("Two equal values do not part in proportion to steps")
            parting: Any = parts[0].plus(parts[1].negated())
            below, above, neither = decisions.order(boxed(parting.whole()[0]), ZERO)
            if (neither & equal).any():
                raise Undecided("Two equal values do not part in proportion to steps")
        self.made.append(Settled(name, np.asarray(equal), below & equal, above & equal))
        return self.made[-1]


def along(problem: Problem, direction: Sequence[arb]) -> OneSided:
    """Look along a ray, working with series of `TERMS` where slopes do not tell.

    Raises
    ------
    Undecided
        If balls of this precision do not tell.
    """
    with suppress(NotDifferentiable):
        facing = Facing()
        block = problem.structure.split(from_list(list(direction), (problem.size,)))
        seeds = {name: Tangents(array[None]) for name, array in block.items()}
        value, variation = run(problem, point_of(problem), seeds, facing)
        slope = variation.whole()[0] if isinstance(variation, Tangents) else ZERO
        if slope.is_finite():
            return OneSided(value, slope, facing.made)
    xp = Ray()
    limit, slope = taylor(problem, xp, direction, 2)
    # The slope of a root of c t² changes its sign with the direction: on average it is 0.
    parted = all(s is None or s > 0 for roots in xp.roots for s in roots.flat)
    known = not xp.blind and (not xp.rooted or (xp.rooted == len(xp.open_choices) and parted))
    return OneSided(limit, slope, xp.made if known else None)


class Rooted(Balls):
    """The namespace over balls that hold how roots of 0 vary along an axis, on any way to them.

    Of a smooth q that is never negative, and 0 at the point, the root has the slopes ∂q/(2 √q)
    beside it. By the inequality of Cauchy and Schwarz, they tend to no more than √c, c being the
    second coefficient of q along the axis.

    Parameters
    ----------
    choices : sequence of Settled
        As in `Balls`.
    roots : sequence of numpy.ndarray
        As in `Ray`, along the axis.
    """

    kind = "rooted"

    def __init__(self, choices: Sequence[Settled], roots: Sequence[Objects]) -> None:
        super().__init__(choices=choices)
        self.roots = iter(roots)

    def _smooth(self, name: str, *balls: Ball) -> Ball:
        result = super()._smooth(name, *balls)
        if name not in ROOTS or not either(*balls).any():
            return result
        slopes = next(self.roots)
        held = each(lambda s: ZERO if s is None else arb(0, s.abs_upper()), slopes)
        variation: Any = result.variation
        if variation is None:
            return result
        block = np.where(holds(lambda s: s is None, slopes), variation.whole(), held)
        return replace(result, variation=replace(variation, block=block, factor=None))


def enclose_roots(problem: Problem) -> tuple[list[Settled], Enclosures] | None:
    """Enclose all subgradients where the only choices between equal values are roots of 0.

    Returns
    -------
    tuple of list of Settled and dict of str to numpy.ndarray of flint.arb, or None
        The choices, and the balls; None where there are other choices, or no roots, and beyond
        `MOST_AXES` parameters.

    Raises
    ------
    Undecided
        If balls of this precision do not tell.
    """
    if problem.size > MOST_AXES:
        return None
    ray, point = Ray(), point_of(problem)
    evaluate_along(
        problem, ray, exact(np.random.default_rng(0).uniform(1, 2, problem.size)).tolist()
    )
    if ray.blind or not ray.rooted or ray.rooted < len(ray.open_choices):
        return None
    found: list[arb] = []
    for row in exact(np.eye(problem.size)):
        along_axis = Ray()
        evaluate_along(problem, along_axis, row.tolist())
        block = problem.structure.split(row)
        seeds = {name: Tangents(array[None]) for name, array in block.items()}
        found += slopes(problem, point, seeds, Rooted(ray.made, along_axis.roots))
    return ray.made, dict(problem.structure.split(from_list(found, (problem.size,))))
