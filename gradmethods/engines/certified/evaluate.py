"""One run of a loss over balls, and the gradient: in one sweep back, or along directions."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
from flint import arb

from gradmethods.core.problem import Problem
from gradmethods.engines.certified.arrays import (
    CONSTANT,
    NAN,
    ONE,
    SMOOTHLY,
    ZERO,
    Ball,
    Objects,
    Variation,
    exact,
    filled,
    from_list,
)
from gradmethods.engines.certified.decisions import Settled, Tie, Undecided
from gradmethods.engines.certified.hulls import Hulls
from gradmethods.engines.certified.namespace import Balls
from gradmethods.engines.certified.precision import working
from gradmethods.engines.certified.tangents import Tangents
from gradmethods.engines.certified.traces import Trace, gradient
from gradmethods.engines.graph.record import call_loss
from gradmethods.errors import BudgetExceeded, NotDifferentiable
from gradmethods.xp.array import Array

ENTRIES = 2**18
"""Derivatives of one array that are held at once: some tens of megabytes."""

SWEEP = 2.5
"""Times the evaluation of a loss that it and the sweep back take, about: 1.6 to 2.3 for networks
with many examples, up to 5 where parameters are more than operations."""

PRECISIONS = {"float64": 53, "float32": 24}
"""Bits of a significand, the hidden one included."""

UNITS = {name: 2.0**-bits for name, bits in PRECISIONS.items()}
"""Unit round-offs."""

LEAST = {name: float(np.finfo(name).smallest_normal) for name in PRECISIONS}
"""Least normal numbers."""

FORWARD = 32
"""Parameters up to which rounding errors are followed along each of them."""

FINER = (0, 64, 192)
"""Bits by which units of round-off are made finer until a bound on rounding is finite."""

ANYWHERE = 1 / 8
"""Part of a loss up to which first-order bounds on its rounding are trusted."""

Enclosures = dict[str, Objects]


def point_of(problem: Problem) -> Enclosures:
    """Return the parameters as balls of radius 0."""
    arrays = problem.structure.check(problem.params)
    return {name: exact(array) for name, array in arrays.items()}


def run(
    problem: Problem, point: Enclosures, variations: Mapping[str, Variation], xp: Balls
) -> tuple[arb, Variation | None]:
    """Evaluate the loss; return its value, and how it varies with the parameters at hand.

    Raises
    ------
    Undecided
        If a comparison is open, or the loss is not finite.
    """
    value, variation = _evaluated(problem, point, variations, xp)
    if xp.choices is not None and next(xp.choices, None) is not None:
        raise Undecided("There are fewer choices than were settled")
    if xp.strict and not value.is_finite():
        raise Undecided(f"The loss is not a finite number{_because(xp)}")
    return value, variation


def _evaluated(
    problem: Problem,
    point: Enclosures,
    variations: Mapping[str, Variation],
    xp: Balls,
    level: np.int8 = SMOOTHLY,
) -> tuple[Any, Variation | None]:
    dtype = problem.dtype
    params = {
        name: Array(xp, Ball(values, dtype, variations.get(name), level))
        for name, values in point.items()
    }
    data = {name: Array(xp, array) for name, array in problem.data.items()}
    result = xp.ball(call_loss(problem, params, data, xp).payload)
    return result.values[()], result.variation


def value_at(problem: Problem, point: Enclosures) -> arb:
    """Enclose the loss at a point alone, where equal values are equal; NaN if that is open."""
    value: arb = NAN
    with suppress(NotDifferentiable):
        value, _ = _evaluated(problem, point, {}, Balls(), level=CONSTANT)
    return value


def slopes(
    problem: Problem, point: Enclosures, seeds: Mapping[str, Tangents], xp: Balls
) -> list[arb]:
    """Enclose the derivatives of the loss along the directions at hand.

    Raises
    ------
    Undecided
        As in `run`, and if a derivative is not finite.
    """
    _, variation = run(problem, point, seeds, xp)
    if not isinstance(variation, Tangents):
        return [ZERO] * len(next(iter(seeds.values())).block)
    found: list[arb] = variation.whole().tolist()
    _check_finite(found, xp)
    return found


def enclose(
    problem: Problem,
    bits: int,
    *,
    budget: float = float("inf"),
    choices: Sequence[Settled] | None = None,
    free: bool = False,
) -> tuple[arb, Enclosures]:
    """Enclose the loss and its gradient, working with `bits` bits.

    Parameters
    ----------
    problem : Problem
    bits : int
    budget : float, optional
        Seconds of computing.
    choices : sequence of Settled, optional
        How choices between equal values are made.
    free : bool, optional
        Whether the balls shall hold what comes of all of these choices.

    Raises
    ------
    Tie
        If such a choice stands in the way.
    Undecided
        If these bits do not tell.
    NotDifferentiable
        If no number of bits will tell.
    BudgetExceeded
        If it is predicted to take more than `budget` seconds.
    """
    with working(bits):
        xp = Balls(choices=choices, free=free)
        return _in_reverse(problem, point_of(problem), xp, budget)


def enclose_rounded(
    problem: Problem, choices: Sequence[Settled] | None, either: arb
) -> tuple[arb, Enclosures]:
    """Enclose what rounding may make of the loss and its gradient in the problem's own precision.

    The radii cover sums in any order, forward mode up to `FORWARD` parameters, a sweep back beyond,
    and every branch that rounding may take: see `Hulls`. Where it may lead to infinity or to no
    number, the balls are not finite.

    Parameters
    ----------
    problem : Problem
    choices : sequence of Settled, or None
        How choices between equal values are made.
    either : flint.arb
        As in `Hulls`.

    Raises
    ------
    Undecided
        If choices are not those that were settled.
    """
    dtype = str(problem.dtype)
    with working(PRECISIONS[dtype]):
        point, namespace = point_of(problem), partial(Hulls, UNITS[dtype], choices, either)
        if problem.size <= FORWARD:
            return _forwards(problem, point, namespace)
        return _in_reverse(problem, point, namespace(), math.inf)


def may_round_to(problem: Problem, point: Enclosures, value: float) -> bool:
    """Say whether an evaluation in the problem's own precision may round the loss to a value.

    Where that precision leaves a branch open, rounding may lead anywhere, and explains nothing.
    Radii that grow beyond bounds, as those of eliminations do, are computed for units of round-off
    that are finer, and enlarged as much: to first order they are in proportion.
    """
    dtype, known = str(problem.dtype), False
    for finer in FINER:
        unit, least = math.ldexp(UNITS[dtype], -finer), LEAST[dtype]
        with working(PRECISIONS[dtype] + finer):
            try:
                loss, _ = _evaluated(problem, point, {}, Balls(unit, least), CONSTANT)
            except Undecided:
                continue
            except NotDifferentiable:
                return False
            if loss.is_finite():
                allowed = arb(2) ** finer * loss.rad()
                far = allowed > ANYWHERE * abs(loss.mid())
                return bool(far or arb(loss.mid(), allowed).overlaps(arb(value)))
        known = True
    return known  # a ball without end holds every number


def _in_reverse(
    problem: Problem, point: Enclosures, xp: Balls, budget: float
) -> tuple[arb, Enclosures]:
    """Enclose the gradient in one sweep back from the loss."""
    start = time.thread_time()
    params = {name: Trace(values.shape, unit=xp.unit) for name, values in point.items()}
    value, loss = run(problem, point, params, xp)
    seconds = time.thread_time() - start
    if SWEEP * seconds > budget:
        raise _too_long(SWEEP * seconds, budget)
    if loss is None:
        return value, {name: filled(values.shape) for name, values in point.items()}
    assert isinstance(loss, Trace)
    found = gradient(loss, params)
    _check_finite((ball for array in found.values() for ball in array.flat), xp)
    return value, found


def _because(xp: Balls) -> str:
    return f": {xp.doubts[0]}" if xp.doubts else ""


def _check_finite(slopes: Iterable[Any], xp: Balls) -> None:
    if xp.strict and not all(slope.is_finite() for slope in slopes):
        error = Undecided(f"A derivative is not a finite number{_because(xp)}")
        raise Tie(error) if xp.ties else error


def _forwards(
    problem: Problem, point: Enclosures, namespace: Callable[[], Balls]
) -> tuple[arb, Enclosures]:
    """Enclose the gradient along unit vectors, in blocks.

    The directions of a block belong to one parameter array, so that whatever does not depend on
    that array carries no tangents.
    """
    xp = namespace()
    value, _ = run(problem, point, {}, xp)
    found: dict[str, list[arb]] = {name: [] for name in point}
    for name, part in _blocks(point, max(1, ENTRIES // xp.largest)):
        seeds = {name: Tangents(_unit_vectors(point[name].shape, part), unit=xp.unit)}
        found[name] += slopes(problem, point, seeds, namespace())
    return value, {name: from_list(found[name], point[name].shape) for name in point}


def _blocks(point: Enclosures, rows: int) -> list[tuple[str, slice]]:
    """Cut each parameter array, the last one first, into parts of at most `rows` entries."""
    return [
        (name, slice(start, min(start + rows, values.size)))
        for name, values in reversed(point.items())
        for start in range(0, values.size, rows)
    ]


def _unit_vectors(shape: tuple[int, ...], part: slice) -> Objects:
    count, size = part.stop - part.start, math.prod(shape)
    seeds = filled((count, size))
    seeds[np.arange(count), np.arange(part.start, part.stop)] = ONE
    return seeds.reshape(count, *shape)


def _too_long(predicted: float, budget: float) -> BudgetExceeded:
    return BudgetExceeded(
        f"To certify every component is predicted to take {predicted:.0f} s, more than "
        f"budget={budget:.0f} s. Raise the budget, or certify some of the components with "
        "certified_sample(problem)."
    )
