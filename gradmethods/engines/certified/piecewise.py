"""Functions that choose: maxima, absolute values and `where`, and the truth values they choose by.

Where two sides are equal, or not told apart, a derivative that depends on the choice is NaN, unless
`ties` has proven that it does not depend on it: then it is made as it was made there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from flint import arb

from gradmethods.engines.certified import decisions
from gradmethods.engines.certified.arrays import (
    ABRUPTLY,
    CONSTANT,
    NAN,
    SMOOTHLY,
    Ball,
    Mask,
    boxed,
    each,
    either,
    exact,
    filled,
    holds,
    variations,
)
from gradmethods.engines.certified.decisions import Settled, Undecided
from gradmethods.engines.certified.moving import Moving
from gradmethods.engines.certified.numbers import tied
from gradmethods.xp.primitives import Kind, of_kind

LOGIC = of_kind(Kind.LOGIC)


EITHER: Any = arb(0.5, 0.5)
"""Holds 0 and 1, and all between."""


class Piecewise(Moving):
    """The part of the namespace that chooses between its operands.

    Attributes
    ----------
    doubts : list of str
        Where a derivative did not exist, or was not decided.
    ties : int
        Choices between equal values that were met and not settled.
    choices : iterator of Settled, or None
        How choices are settled, in their order.
    free : bool
        Whether what depends on these choices shall be in balls that hold it however they fall.
    strict : bool
        Whether a loss or derivative that is not a finite number is refused.
    """

    strict = True
    doubts: list[str]
    ties: int
    choices: Iterator[Settled] | None
    free: bool

    def settled(self, name: str, *balls: Ball) -> Settled | None:
        """Return how a choice between values that vary was settled; None if it was not."""
        levels = either(*balls)
        if self.choices is None or not levels.any():
            return None
        settled = next(self.choices, None)
        shape = np.broadcast_shapes(*(ball.shape for ball in balls))
        if settled is None or (settled.name, settled.tied.shape) != (name, shape):
            raise Undecided(f"xp.{name} was not asked of the same where choices were settled")
        return settled

    def _maximum(self, a: Ball, b: Ball) -> Ball:
        x, y = np.broadcast_arrays(a.values, b.values)
        below, above, neither = decisions.order(x, y)
        same = neither & holds(_one_and_the_same, x, y)
        larger = np.where(same, x, each(_larger, x, y))
        values = np.where(above, x, np.where(below, y, larger))
        levels = either(a, b)
        abrupt = np.asarray(levels == ABRUPTLY)  # the smaller one may be the larger beside
        chosen = np.where(above, a.levels, np.where(below, b.levels, levels))
        varying = np.where(abrupt, ABRUPTLY, chosen)
        if settled := self.settled("maximum", a, b):
            below, above, neither = settled.over(below, above)
            varying = np.where(settled.tied, levels, varying)
        above, below = above & ~abrupt, below & ~abrupt
        parts = variations(self._spread(a, x.shape), self._spread(b, x.shape))
        if parts is None:
            return Ball(values, a.dtype, None, varying)
        one, other = parts
        if neither.any():
            # Where equal values vary alike, their maximum varies as they do.
            alike = (same | (one.alike(other) & holds(tied, x, y))) & ~abrupt
            above = above | (neither & alike)
            if (neither & ~alike & ~abrupt).any():
                self.ties += 1
                at = x[neither & ~alike][0].str(8)
                self.doubts.append(f"a kink of xp.maximum, minimum, abs, max or min is near {at}")
        variation = self._chosen(one, other, above, below, settled)
        return Ball(values, a.dtype, variation, varying)

    def _chosen(
        self, one: Any, other: Any, above: Mask, below: Mask, settled: Settled | None
    ) -> Any:
        """Return how the larger of two varies: as one, as another, NaN where that is open."""
        variation = one.selected(above, other, below)
        if self.free and settled:
            return between(variation, one.selected(~above, other, above), settled.tied)
        return variation

    def _minimum(self, a: Ball, b: Ball) -> Ball:
        first = negated(a)
        return negated(self._maximum(first, first if b is a else negated(b)))

    def _abs(self, a: Ball) -> Ball:
        return self._maximum(a, negated(a))

    def _where(self, condition: Ball, a: Ball, b: Ball) -> Ball:
        chosen = chosen_by(condition)
        values = boxed(np.where(chosen, a.values, b.values))
        parts = variations(self._spread(a, values.shape), self._spread(b, values.shape))
        variation = None if parts is None else parts[0].selected(chosen, parts[1], ~chosen)
        varying = np.where(chosen, a.levels, b.levels)
        varying = np.where(condition.varies, either(a, b), varying)
        if self.free and condition.varies.any():
            open_ = np.broadcast_to(condition.varies, values.shape)
            equal = holds(tied, *np.broadcast_arrays(a.values, b.values, values)[:2])
            values = np.where(open_ & ~equal, NAN, values)
            if parts is not None:
                left = parts[0].selected(~chosen, parts[1], chosen)
                variation = between(variation, left, open_)
        return Ball(values, a.dtype, variation, varying)

    def _compare(self, name: str, a: Ball, b: Ball) -> Any:
        """Decide a comparison: NumPy's booleans, or balls where some of them are settled."""
        settled = self.settled(name, a, b)
        truth = decisions.compare(name, a, b, settled)
        return truth if settled is None else self._condition(truth, settled.tied)

    def _condition(self, truth: Mask, tied_: Mask) -> Any:
        if not tied_.any():
            return truth
        values = exact(truth)
        if self.free:
            values = boxed(np.where(tied_, EITHER, values))
        levels = np.where(tied_, SMOOTHLY, CONSTANT)
        return Ball(values, np.dtype(bool), None, levels, never_negative=True)

    def _step(self, name: str, a: Ball) -> Ball:
        """Decide signs and whole parts; a step at a jump is taken to the side that is settled."""
        settled = self.settled(name, a)
        a = self._at_the_point(a)
        if settled is None or not settled.tied.any():
            return Ball(decisions.step(name, a), a.dtype)
        side = np.where(settled.above, 0.25, np.where(settled.below, -0.25, 0.0))
        levels = np.where(settled.tied, CONSTANT, a.levels)
        beside = replace(a, values=boxed(a.values + exact(side)), varying=levels)
        levels = np.where(settled.tied, SMOOTHLY, CONSTANT)
        values = decisions.step(name, beside)
        if self.free:
            values = np.where(settled.tied, NAN, values)
        return Ball(values, a.dtype, None, levels)

    def _logic(self, name: str, *payloads: Any) -> Any:
        conditions = [self._truth_of(payload) for payload in payloads]
        balls = [x for x in conditions if isinstance(x, Ball)]
        truth = LOGIC[name].numpy(*(chosen_by(x) if isinstance(x, Ball) else x for x in conditions))
        return self._condition(truth, either(*balls) > CONSTANT) if balls else truth

    def _truth_of(self, payload: Any) -> Any:
        """Say whether numbers differ from 0; what is true or false already stays as it is."""
        if not isinstance(payload, Ball):
            return np.asarray(payload, bool)
        if payload.dtype.kind == "b":
            return payload
        return self._compare("not_equal", self._here(payload), self.ball(0))

    def _here(self, ball: Ball) -> Ball:
        """Return the balls that decide."""
        return ball

    def _at_the_point(self, ball: Ball) -> Ball:
        """Return the balls at the point, of what decides."""
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


def between(here: Any, there: Any, where: Mask, either: Any = EITHER) -> Any:
    """Let an array vary as one or another does, or anyhow between, where these are open."""
    rest = there.plus(here.negated()).selected(where, here.zeros(where.shape), ~where)
    return here.plus(rest.scaled(filled(where.shape, either)))


def negated(a: Ball) -> Ball:
    """Change every sign."""
    variation = a.variation and a.variation.negated()
    return Ball(boxed(-a.values), a.dtype, variation, a.varying)


def chosen_by(condition: Ball) -> Mask:
    """Read a condition, as far as it is open as it was settled."""
    return holds(lambda x: getattr(x, "ball", x) == 1, condition.values)


def _larger(x: Any, y: Any) -> Any:
    """Return a ball that holds the larger of two, both of which may be NaN."""
    return x.max(y)


def _one_and_the_same(x: Any, y: Any) -> bool:
    """Whether two rounded numbers were computed once, so that they vary alike as well."""
    return isinstance(x, arb) and x is y and x.is_finite() and not x.is_exact()
