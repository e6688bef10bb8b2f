"""One run of a loss over balls, and the gradient in blocks of directions."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from flint import arb

from gradmethods.arrays import Array
from gradmethods.certified.arrays import (
    EVERYWHERE,
    ONE,
    ZERO,
    Ball,
    Objects,
    Tangents,
    exact,
    filled,
    from_list,
)
from gradmethods.certified.decisions import Undecided
from gradmethods.certified.namespace import Balls
from gradmethods.certified.precision import working
from gradmethods.errors import BudgetExceeded
from gradmethods.graph.record import call_loss
from gradmethods.problem import Problem
from gradmethods.progress import shown

ENTRIES = 2**18
"""Derivatives of one array that are held at once: some tens of megabytes."""

Enclosures = dict[str, Objects]


def point_of(problem: Problem) -> Enclosures:
    """Return the parameters as balls of radius 0."""
    arrays = problem.structure.check(problem.params)
    return {name: exact(array) for name, array in arrays.items()}


def run(
    problem: Problem, point: Enclosures, tangents: Mapping[str, Tangents], xp: Balls
) -> tuple[arb, Tangents | None]:
    """Evaluate the loss; return its value and its derivatives along the directions at hand.

    Raises
    ------
    Undecided
        If a comparison is open, or the loss or a derivative is not finite.
    """
    dtype = problem.dtype
    params = {
        name: Array(xp, Ball(values, dtype, tangents.get(name), EVERYWHERE))
        for name, values in point.items()
    }
    data = {name: Array(xp, array) for name, array in problem.data.items()}
    result = xp.ball(call_loss(problem, params, data, xp).payload)
    value: Any = result.values[()]
    if not value.is_finite():
        raise Undecided("The loss is not a finite number")
    if result.tangents is None:
        return value, None
    derivatives = Tangents(result.tangents.whole())
    if not all(slope.is_finite() for slope in derivatives.block):
        doubts = f": {xp.doubts[0]}" if xp.doubts else ""
        raise Undecided(f"A derivative is not a finite number{doubts}")
    return value, derivatives


def enclose(
    problem: Problem, bits: int, *, unit: float = 0.0, budget: float = float("inf")
) -> tuple[arb, Enclosures]:
    """Enclose the loss and its gradient, working with `bits` bits.

    The directions of a block belong to one parameter array, so that whatever does not depend on
    that array carries no tangents.

    Raises
    ------
    Undecided
        If these bits do not tell.
    NotDifferentiable
        If no number of bits will tell.
    BudgetExceeded
        If it is predicted to take more than `budget` seconds.
    """
    with working(bits):
        point = point_of(problem)
        xp = Balls(unit)
        value, _ = run(problem, point, {}, xp)
        found: dict[str, list[arb]] = {name: [] for name in point}
        for name, part in _watched(_blocks(point, max(1, ENTRIES // xp.largest)), budget):
            seeds = {name: Tangents(_unit_vectors(point[name].shape, part))}
            _, slopes = run(problem, point, seeds, Balls(unit))
            count = part.stop - part.start
            found[name] += [ZERO] * count if slopes is None else slopes.block.tolist()
        return value, {name: from_list(found[name], point[name].shape) for name in point}


def _blocks(point: Enclosures, rows: int) -> list[tuple[str, slice]]:
    """Cut each parameter array, the last one first, into parts of at most `rows` entries."""
    return [
        (name, slice(start, min(start + rows, values.size)))
        for name, values in reversed(point.items())
        for start in range(0, values.size, rows)
    ]


def _watched(blocks: list[tuple[str, slice]], budget: float) -> Iterator[tuple[str, slice]]:
    """Pass on blocks; predict from those that are done, show progress, keep to the budget."""
    start = time.perf_counter()
    yield blocks[0]
    seconds = (time.perf_counter() - start) * (len(blocks) - 1)
    size = sum(part.stop - part.start for _, part in blocks[1:])
    parts = shown((part for _, part in blocks[1:]), size, seconds, "certifying")
    for done, ((name, _), part) in enumerate(zip(blocks[1:], parts, strict=True), 1):
        predicted = (time.perf_counter() - start) / done * len(blocks)
        if predicted > budget:
            raise BudgetExceeded(
                f"To certify every component is predicted to take {predicted:.0f} s, more than "
                f"budget={budget:.0f} s. Raise the budget, or certify some of the components "
                "with certified_sample(problem)."
            )
        yield name, part


def _unit_vectors(shape: tuple[int, ...], part: slice) -> Objects:
    count, size = part.stop - part.start, math.prod(shape)
    seeds = filled((count, size))
    seeds[np.arange(count), np.arange(part.start, part.stop)] = ONE
    return seeds.reshape(count, *shape)
