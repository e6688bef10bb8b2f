"""A loss as a function of steps along some entries, and along random directions in each array.

Where a gradient is too long to be had entry by entry, this is a shorter one of the same loss, and
what any gradient says of it is a sum of products. Only values of the loss are asked for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.distance import norm
from gradmethods.core.problem import Problem
from gradmethods.core.structure import BARE, Arrays
from gradmethods.providers.moved_loss import over_reals
from gradmethods.providers.probe import sizes_of

HOME = 1.0
"""Value at which a step is zero: not 0, near which steps would be finer than parameters."""

MIXED = 30.0
"""Typical size ÷ median size from which an array counts as one of mixed scales."""

MISSED = 0.03
"""Part of an error that a random direction shows at least, with probability 97.6 %."""


class Row(NamedTuple):
    """A direction: entries of one parameter array, by their flat places, and how they move."""

    places: NDArray[np.intp]
    moves: NDArray[np.float64]

    def of(self, array: NDArray[Any]) -> Any:
        """Return the derivative that a gradient array implies along the direction."""
        return np.sum(np.asarray(array, np.longdouble).ravel()[self.places] * self.moves)


Rows = Mapping[str, Sequence[Row]]
"""Directions within each parameter array."""


def along(problem: Problem, rows: Rows) -> Problem:
    """Return a loss as a function of steps along directions, from `HOME` on, as a black box."""
    structure = problem.structure
    home = structure.join(structure.check(problem.params))
    point = home.copy()
    evaluate = over_reals(problem, point, problem.data)
    arrays = structure.split(point)
    flat = {name: array.reshape(-1) for name, array in arrays.items()}

    bare = BARE in rows

    def loss(steps: Any) -> float:
        point[:] = home
        for name, each in ({BARE: steps} if bare else steps).items():
            moved = np.zeros(flat[name].size)
            for step, row in zip(each - HOME, rows[name], strict=True):
                if step:
                    moved[row.places] += step * row.moves
            flat[name][:] = flat[name] + moved
        return evaluate()

    start = {name: np.full(len(each), HOME) for name, each in rows.items()}
    return Problem(
        loss,
        start[BARE] if bare else start,
        name=problem.name,
        black_box=True,
        loss_error=problem.loss_error,
    )


@dataclass(frozen=True, eq=False)
class Sample:
    """Some entries of a gradient, and random directions within each parameter array.

    Attributes
    ----------
    problem : Problem
        Whose gradient it is.
    rows : dict of str to sequence of Row
        By array: single entries first, then directions.
    scales : dict of str to numpy.ndarray
        How far each entry moves along a direction, as its standard deviation.
    """

    problem: Problem
    rows: Rows
    scales: Arrays

    @cached_property
    def entries(self) -> int:
        """Number of single entries."""
        return sum(len(row.places) == 1 for each in self.rows.values() for row in each)

    @property
    def words(self) -> str:
        """The parts of the gradient that were not looked at, in words."""
        total = sum(map(len, self.rows.values()))
        some = f"{self.entries:,} of {self.problem.size:,} entries"
        if total == self.entries:
            return some
        count = total - self.entries
        where = "" if len(self.rows) < 2 else f" within {len(self.rows)} arrays"
        among = f"{some} and " if self.entries else ""
        return f"{among}{count} random direction{'s' * (count > 1)}{where}"

    def project(self, arrays: Arrays) -> Arrays:
        """Return the derivatives that a gradient implies along the rows."""
        return {
            name: np.array([float(row.of(arrays[name])) for row in each])
            for name, each in self.rows.items()
        }

    def errors(self, arrays: Arrays) -> Arrays:
        """Return bounds along the rows from bounds on the entries."""
        return {
            name: np.array(
                [
                    np.sum(abs(row.moves) * np.asarray(arrays[name], float).ravel()[row.places])
                    for row in each
                ]
            )
            for name, each in self.rows.items()
        }


def draw(problem: Problem, entries: int, directions: int, seed: int) -> Sample:
    """Draw entries and directions; an array that is no longer than both is taken entry by entry."""
    rng = np.random.default_rng(seed)
    structure, rows, scales = problem.structure, {}, {}
    start = 0
    for name, x in structure.check(problem.params).items():
        scales[name] = scale = _scales(np.asarray(x, float).ravel())
        size = x.size
        places = slice(start, start + size)
        count = size if size <= entries + directions else entries
        singles = np.sort(rng.choice(size, count, replace=False))
        rows[name] = [Row(np.array([i]), scale[[i]]) for i in singles]
        if count < size:
            z = rng.standard_normal((directions, size))
            if problem.bounds is not None:  # one side of each direction must be inside
                point = np.asarray(x, float).ravel()
                low, high = problem.bounds.low[places], problem.bounds.high[places]
                away = np.where(point - low < scale, 1.0, np.where(high - point < scale, -1.0, 0.0))
                z = np.where(away != 0, away * abs(z), z)
            rows[name] += [Row(np.arange(size), scale * each) for each in z]
        start += size
    return Sample(problem, rows, scales)


def _scales(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the typical size of an array for each entry, 1 if it is 0.

    Where an array mixes scales, so that moves of that size would be huge for most of its entries,
    each has its own.
    """
    sizes = sizes_of(x)
    typical = norm(x) / math.sqrt(x.size) if x.any() else 1.0
    mixed = typical > MIXED * float(np.median(sizes))
    return sizes if mixed else np.full(x.size, typical)
