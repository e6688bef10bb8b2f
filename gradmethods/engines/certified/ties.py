"""Whether choices between equal values matter: one unknown for each, which may cancel.

Near a point where branches meet, a loss is one of several smooth functions, one for each way in
which the choices may fall. If all of them have the same value and the same gradient at the point,
the loss has that gradient there. So each choice is an unknown number t, 0 or 1: a maximum of two
equal values varies as t times the one and 1 - t times the other. The loss is evaluated with random
residues for the unknowns, twice: what differs depends on a choice.

Uses of one choice share its unknown. Of comparisons these are such of the same two numbers; of
maxima, all whose two sides part in proportion, as those of max(x, 0) and max(-2 x, 0) do: to first
order it does not matter that they may fall otherwise where the sides part more slowly than steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from flint import arb

from gradmethods.engines.certified import decisions
from gradmethods.engines.certified.arrays import (
    NAN,
    SMOOTHLY,
    Ball,
    Mask,
    Objects,
    boxed,
    each,
    either,
    filled,
    holds,
    is_zero,
    variations,
)
from gradmethods.engines.certified.decisions import Settled, Undecided
from gradmethods.engines.certified.namespace import ROOTS, Balls
from gradmethods.engines.certified.numbers import tied
from gradmethods.engines.certified.piecewise import EITHER, chosen_by
from gradmethods.engines.certified.residues import Field, Number


class Choosing(Balls):
    """The namespace over numbers that carry the unknowns of choices.

    Parameters
    ----------
    field : Field
        In which it is found out whether numbers are equal.

    Attributes
    ----------
    made : list of Settled
        The choices, in their order, as they fall along the first direction.
    """

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field
        self.made: list[Settled] = []
        self._unknowns: dict[Any, int] = {}
        self._forms: dict[int, list[tuple[Number, int]]] = {}
        self._parted: dict[int, tuple[int, int]] = {}
        self._parts: dict[tuple[int, ...], tuple[int, int]] = {}
        self._kept: list[Any] = []

    def ball(self, payload: Any) -> Ball:
        """Make numbers of a constant."""
        ball = super().ball(payload)
        if isinstance(payload, Ball):
            return ball
        return replace(ball, values=self.numbers(ball.values))

    def numbers(self, balls: Objects) -> Objects:
        """Make numbers of exact balls."""
        return each(lambda x: Number(self.field, x, self.field.of(x)), balls)

    # -- choices

    def settled(self, name: str, *balls: Ball) -> Settled | None:
        """Let ties fall as they do along the first direction, and keep how they fell."""
        levels = either(*balls)
        if not levels.any():
            return None
        a, b = balls if len(balls) == 2 else (*balls, replace(balls[0], variation=None))
        x, y = np.broadcast_arrays(a.values, b.values)
        equal = self._tied(name, x, y, *balls)
        below, above = np.zeros(equal.shape, bool), np.zeros(equal.shape, bool)
        self._parts = {}
        parts = variations(self._spread(a, x.shape), self._spread(b, x.shape))
        if parts is not None and equal.any() and name not in ROOTS:
            for i, first, second in self._parting(parts, equal):
                self._parts[i] = self._shared(first, second)
                below[i], above[i] = first.ball < 0, first.ball > 0
                if not (below[i] or above[i]):
                    raise Undecided(f"Two equal values part by {first.str(8)} along a direction")
        if name == "maximum":  # those that part nowhere are as good as each other
            above = equal & ~below
        self.made.append(Settled(name, equal, below, above))
        return self.made[-1]

    def _tied(self, name: str, x: Objects, y: Objects, *balls: Ball) -> Mask:
        """Say where a choice is between equal values that vary, and are continuous."""
        smooth = np.broadcast_to(either(*balls) == SMOOTHLY, x.shape)
        if name in decisions.STEPS:
            jumps = decisions.STEPS[name][1]
            return np.asarray(smooth & holds(lambda n: n.is_exact() and jumps(n), x))
        if name not in ROOTS:
            _, _, neither = decisions.order(x, y)
            return np.asarray(smooth & neither & holds(tied, x, y))
        zero = holds(is_zero, x) & holds(is_zero, y) & smooth
        if name == "hypot":
            return np.asarray(zero)
        slopes: Any = balls[0].variation
        flat = holds(lambda t: self.number(t) == 0, slopes.whole()).all(axis=0)
        return np.asarray(zero & flat & balls[0].never_negative)

    def _parting(
        self, parts: list[Any], equal: Mask
    ) -> Iterator[tuple[tuple[int, ...], Number, Number]]:
        """Yield where two arrays part, and how they do along the two directions."""
        first, second = each(self.number, parts[0].plus(parts[1].negated()).whole())
        for i in _where(equal):
            x, y = boxed(first)[i], boxed(second)[i]
            if x.residue or y.residue:
                yield i, x, y

    def _ratio(self, x: Number, y: Number) -> int:
        prime = self.field.prime
        return y.residue * pow(x.residue, -1, prime) % prime if x.residue else -1

    def _shared(self, x: Number, y: Number) -> tuple[int, int]:
        """Return the ratio in which two sides part along the directions, and the unknown of that.

        All that part in proportion share it; but the factor must be a number, not itself a choice:
        |x| and x part from 0 in the same ratio, and not at the same places.
        """
        ratio = self._ratio(x, y)
        z = x if x.residue else y
        forms = self._forms.setdefault(ratio, [])
        for form, unknown in forms:
            if any(map(self._is_constant, (z / form, form / z))):
                return ratio, unknown
        forms.append((z, self.field.random()))
        return ratio, forms[-1][1]

    def _is_constant(self, factor: Number) -> bool:
        """Say whether a factor is a number, so that it is no choice: that of its ball, or near."""
        ball = factor.ball
        if not ball.is_finite():
            return False
        near = (ball.mid() * COARSE).floor() / COARSE, (ball.mid() * COARSE).ceil() / COARSE
        exact = (ball,) if ball.is_exact() else near
        return any(factor.residue == self.field.of(x) for x in exact)

    def _unknown(self, *key: Any) -> int:
        return self._unknowns.setdefault(key, self.field.random())

    def number(self, x: Any) -> Number:
        """Make a number of an exact ball, and leave a number as it is."""
        if isinstance(x, Number):
            return x
        return Number(self.field, x, self.field.of(x))

    def _keep(self, x: Any, varies: Mask, i: tuple[int, ...]) -> Any:
        """Return what tells a function of the parameters apart: a constant by its value."""
        if not np.broadcast_to(varies, self.made[-1].tied.shape)[i]:
            return "constant", x.residue
        self._kept.append(x)  # so that no other gets its number
        return id(x)

    # -- what depends on choices

    def _mixed(self, x: Any, y: Any, weight: Any) -> Any:
        """Return a new number: x, and y as much as a weight has it, where the two differ."""
        if weight is None:
            return x
        x, y = self.number(x), self.number(y)
        if x == y:
            return Number(self.field, x.ball, x.residue, x.hull.union(y.hull))
        return Number(self.field, x.ball, self._mix(x, y, weight), x.hull.union(y.hull))

    def _mix(self, x: Number, y: Number, weight: int) -> int:
        return (x.residue + weight * (y.residue - x.residue)) % self.field.prime

    def _mixed_tangents(self, x: Any, y: Any, weights: Objects) -> Any:
        """Take from y what a weight gives it, from x the rest; the ball is that of x."""

        def mixed(p: Any, q: Any, weight: Any) -> Any:
            if weight is None:
                return p
            p, q = self.number(p), self.number(q)
            ball = p.ball if q.ball.is_finite() else NAN
            return Number(self.field, ball, self._mix(p, q, weight))

        return replace(x, block=each(mixed, x.whole(), y.whole(), weights), factor=None)

    def _maximum(self, a: Ball, b: Ball) -> Ball:
        result = super()._maximum(a, b)
        if not either(a, b).any() or not self.made[-1].tied.any():
            return result
        settled = self.made[-1]
        weights = filled(settled.tied.shape, None)
        for i, (_, unknown) in self._parts.items():
            weights[i] = unknown
        one, other = self._spread(a, weights.shape), self._spread(b, weights.shape)
        values = np.where(settled.tied & settled.below, other.values, result.values)
        new = each(lambda x, tie: self._mixed(x, x, 0) if tie else x, values, settled.tied)
        parts = variations(one, other)
        if parts is None:
            return replace(result, values=new)
        loser = parts[1].selected(~settled.below, parts[0], settled.below)
        return replace(
            result, values=new, variation=self._mixed_tangents(result.variation, loser, weights)
        )

    def _compare(self, name: str, a: Ball, b: Ball) -> Any:
        found = super()._compare(name, a, b)
        if not isinstance(found, Ball):
            return found
        parts, settled = self._parts, self.made[-1]
        x, y = np.broadcast_arrays(a.values, b.values)

        def smaller(p: Any, q: Any, part: Any, taken: np.bool_) -> int:
            """Return the weight of p < q: an unknown, or all that it leaves."""
            unknown = self._unknown("less", p, q)
            if part is not None:
                self._parted[unknown] = part
            return 1 - unknown if taken else unknown

        values = each(self.number, found.values)
        for i in _where(settled.tied):
            if x[i] is y[i]:
                continue
            p, q = self._keep(x[i], a.varies, i), self._keep(y[i], b.varies, i)
            less = smaller(p, q, parts.get(i), settled.below[i])
            more = smaller(q, p, parts.get(i), settled.above[i])
            weight = WEIGHTS[name](less, more) % self.field.prime
            values[i] = Number(self.field, values[i].ball, weight, EITHER)
        return replace(found, values=values)

    def _logic(self, name: str, *payloads: Any) -> Any:
        conditions = [self._truth_of(payload) for payload in payloads]
        found = super()._logic(name, *conditions)
        if not isinstance(found, Ball):
            return found

        def weighed(truth: Any, *parts: Any) -> Number:
            residues = [self.number(x).residue for x in parts]
            weight = WEIGHTS[name](*residues) % self.field.prime
            truth = getattr(truth, "ball", truth)
            return Number(self.field, truth, weight, truth if weight in (0, 1) else EITHER)

        parts = [self.ball(x).values for x in conditions]
        return replace(found, values=each(weighed, found.values, *parts))

    def _where(self, condition: Ball, a: Ball, b: Ball) -> Ball:
        result = super()._where(condition, a, b)
        if not condition.varies.any():
            return result
        shape = result.shape
        first = np.broadcast_to(chosen_by(condition), shape)
        open_ = np.broadcast_to(condition.varies, shape)
        one, other = self._spread(a, shape), self._spread(b, shape)
        left = boxed(np.where(first, other.values, one.values))
        weights = filled(shape, None)
        for i in _where(open_):
            weight = np.broadcast_to(condition.values, shape)[i].residue
            weights[i] = (1 - weight) % self.field.prime if first[i] else weight
        parts = variations(one, other)
        if parts is None:
            return replace(result, values=each(self._mixed, result.values, left, weights))
        loser: Any = parts[1].selected(first, parts[0], ~first)
        equal = open_ & holds(tied, each(self.number, result.values), each(self.number, left))
        for i, x, y in self._parting([result.variation, loser], equal):
            ratio, unknown = self._parted.get(weights[i]) or (None, 0)
            if ratio == self._ratio(x, y):  # like a maximum, to first order
                weights[i] = unknown
        values = each(self._mixed, result.values, left, weights)
        return replace(
            result, values=values, variation=self._mixed_tangents(result.variation, loser, weights)
        )

    def _step(self, name: str, a: Ball) -> Ball:
        balls = replace(a, values=each(lambda x: getattr(x, "hull", x), a.values))
        result = super()._step(name, balls)
        values = self.numbers(result.values)
        if not result.varies.any():
            return replace(result, values=values)
        step = decisions.STEPS[name][0]
        for i in _where(result.varies):
            x = balls.values[i]
            hull = step(x).union(step(x + QUARTER)).union(step(x - QUARTER))
            unknown = self._unknown(name, self._keep(a.values[i], a.varies, i))
            values[i] = Number(self.field, values[i].ball, unknown, hull)
        return replace(result, values=values)

    def _smooth(self, name: str, *balls: Ball) -> Ball:
        result = super()._smooth(name, *balls)
        result = replace(result, values=each(self.number, result.values))
        if name not in ROOTS or not either(*balls).any() or not self.made[-1].tied.any():
            return result
        operands = np.broadcast_arrays(*(ball.values for ball in balls))
        tangents: Any = result.variation
        block = tangents.whole().copy()
        for i in _where(self.made[-1].tied):
            key = [
                self._keep(x[i], ball.varies, i) for x, ball in zip(operands, balls, strict=True)
            ]
            for k in range(len(block)):
                block[(k, *i)] = Number(self.field, arb(0), self._unknown(name, k, *key))
        return replace(result, variation=replace(tangents, block=block, factor=None))


def _where(mask: Mask) -> Iterator[tuple[int, ...]]:
    return (tuple(i) for i in np.argwhere(mask))


QUARTER = arb(0.25)

COARSE = arb(2**16)
"""Parts of 1 in which factors are looked for that balls enclose."""

WEIGHTS: dict[str, Callable[..., int]] = {
    "less": lambda less, _: less,
    "less_equal": lambda _, more: 1 - more,
    "greater": lambda _, more: more,
    "greater_equal": lambda less, _: 1 - less,
    "equal": lambda less, more: (1 - less) * (1 - more),
    "not_equal": lambda less, more: 1 - (1 - less) * (1 - more),
    "logical_and": lambda x, y: x * y,
    "logical_or": lambda x, y: x + y - x * y,
    "logical_xor": lambda x, y: x + y - 2 * x * y,
    "logical_not": lambda x: 1 - x,
}
"""Mask values as polynomials in those that they are made of."""
