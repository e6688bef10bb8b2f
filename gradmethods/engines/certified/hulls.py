"""The namespace over balls of a loss's own precision, which hold every branch it may take.

Where two numbers are too near for that precision, rounding decides between the branches of a
choice, and a right computation may take either. So both values, and both slopes, are held. What
does not pass there keeps the bound on rounding that it has.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np
from flint import arb

from gradmethods.engines.certified import decisions
from gradmethods.engines.certified.arrays import (
    CONSTANT,
    NAN,
    SMOOTHLY,
    Ball,
    Mask,
    boxed,
    each,
    either,
    exact,
    holds,
    is_finite,
    is_zero,
    variations,
)
from gradmethods.engines.certified.decisions import Settled
from gradmethods.engines.certified.namespace import Balls
from gradmethods.engines.certified.numbers import tied
from gradmethods.engines.certified.piecewise import EITHER, LOGIC, between
from gradmethods.errors import NotDifferentiable


class Hulls(Balls):
    """The namespace over balls that hold what comes of every branch that rounding may take.

    Parameters
    ----------
    unit : float
        As in `Balls`.
    choices : sequence of Settled, optional
        How choices are made that do not matter, as in `Balls`.
    either : flint.arb, optional
        What an open condition is: 0, 1 and all between; or NaN, to find what it reaches.
    """

    kind = "hull"
    strict = False
    edges = frozenset()  # whether a value may jump or end is left to the balls

    def __init__(
        self, unit: float, choices: Sequence[Settled] | None = None, either: Any = EITHER
    ) -> None:
        super().__init__(unit, choices=choices)
        self.either = either

    def _decided(self, name: str, *balls: Ball, **static: Any) -> Any:
        """Decide what is certain, and leave open what is not."""
        if name in decisions.PLACES:  # an order that is open has no hull
            return self._places(name, *balls, **static)
        if name in decisions.COMPARISONS:
            return self._compare(name, *balls)
        if name in decisions.STEPS:
            return self._step(name, *balls)
        (a,) = balls
        known = np.full(a.shape, decisions.FINITE[name].numpy(0.0))
        return self._condition_of(known, ~holds(is_finite, a.values))

    def _compare(self, name: str, a: Ball, b: Ball) -> Any:
        settled = self.settled(name, a, b)
        below, above, neither = decisions.order(a.values, b.values)
        if settled is not None:
            below, above, neither = settled.over(below, above)
        truth = decisions.COMPARISONS[name].numpy(above.astype(int) - below, 0)
        open_ = neither & ~holds(tied, a.values, b.values)
        return self._condition_of(truth, open_, settled and settled.tied)

    def _step(self, name: str, a: Ball) -> Ball:
        settled, function = self.settled(name, a), decisions.STEPS[name][0]
        values, levels = a.values, np.zeros((), np.int8)
        if settled is not None:
            side = np.where(settled.above, 0.25, np.where(settled.below, -0.25, 0.0))
            values = boxed(values + exact(np.where(settled.tied, side, 0.0)))
            levels = np.where(settled.tied, SMOOTHLY, CONSTANT)

        def hull(x: arb) -> Any:
            return self._hull(function(x.lower()), function(x.upper())) if x.is_finite() else NAN

        return Ball(each(hull, values), a.dtype, None, levels)

    def _logic(self, name: str, *payloads: Any) -> Any:
        conditions = [self.ball(self._truth_of(payload)) for payload in payloads]
        ends = [
            (holds(lambda ball: ball == 1, x.values), ~holds(is_zero, x.values)) for x in conditions
        ]
        found = [LOGIC[name].numpy(*choice) for choice in itertools.product(*ends)]
        always, ever = reduce(operator.and_, found), reduce(operator.or_, found)
        varying = np.broadcast_to(either(*conditions), always.shape) != CONSTANT
        return self._condition_of(always, always != ever, varying)

    def _chosen(self, one: Any, other: Any, above: Mask, below: Mask, _: Settled | None) -> Any:
        first, open_ = one.selected(above, other, ~above), ~(above | below)
        if not open_.any():
            return first
        return between(first, one.selected(~above, other, above), open_, self.either)

    def _where(self, condition: Ball, a: Ball, b: Ball) -> Ball:
        result = super()._where(condition, a, b)
        open_ = np.broadcast_to(~holds(arb.is_exact, condition.values), result.shape)
        if not open_.any():
            return result
        one, other = self._spread(a, result.shape), self._spread(b, result.shape)
        hulls = each(self._hull, one.values, other.values)
        values = boxed(np.where(open_, hulls, result.values))
        parts, variation = variations(one, other), None
        if parts is not None:
            other_way = parts[0].selected(open_, parts[1], ~open_)
            variation = between(result.variation, other_way, open_, self.either)
        return Ball(values, a.dtype, variation, np.where(open_, either(a, b), result.levels))

    def _on_the_cut(self, angle: Ball, payload: Any, y: Ball, x: Ball) -> Ball:
        try:
            return super()._on_the_cut(angle, payload, y, x)
        except NotDifferentiable:
            return replace(angle, values=each(lambda x: self._hull(x, -x), angle.values))

    def _condition_of(self, truth: Mask, open_: Mask, settled: Any = None) -> Any:
        """Return booleans, or balls where some of them are open, or vary by what is settled."""
        varying = np.zeros(truth.shape, bool) if settled is None else settled
        if not (open_.any() or varying.any()):
            return truth
        values = boxed(np.where(open_, self.either, exact(truth)))
        levels = np.where(varying, SMOOTHLY, CONSTANT)
        return Ball(values, np.dtype(bool), None, levels, never_negative=True)

    def _hull(self, x: Any, y: Any) -> Any:
        """Return a ball that holds two values, or NaN to find what it reaches."""
        if x is y or tied(x, y):
            return x
        return x.union(y) if self.either.is_finite() else NAN
