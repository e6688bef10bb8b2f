"""Which entries of a long gradient are wrong, found by halving groups of them.

A random direction over a group shows an error of any entry in it. A group that errs is halved: one
half is looked at, the other is what is left. So k wrong entries among n take O(k log n)
derivatives, where n would be needed one by one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.truth.along import Row, along, draw
from gradmethods.truth.bounds import CLAIM
from gradmethods.truth.differences import differences

MANY = 32
"""Groups that err on one level, from which on the search ends: most entries are wrong."""


class WrongEntry(NamedTuple):
    """An entry that is wrong: where, what was given and what differences say."""

    where: tuple[int, ...]
    given: float
    true: float


class Off(NamedTuple):
    """Entries by their flat places, and how far they are off together, give or take."""

    places: NDArray[np.intp]
    by: float
    bar: float

    def errs(self, slack: float) -> bool:
        """Whether an entry among them is wrong."""
        return not abs(self.by) <= CLAIM * self.bar + slack


def wrong_entries(
    problem: Problem, name: str, gradient: NDArray[Any], seed: int = 0
) -> list[WrongEntry] | None:
    """Find the wrong entries of one array of a gradient; None if there are too many.

    Parameters
    ----------
    problem : Problem
    name : str
        Of the array.
    gradient : numpy.ndarray
        That array of it.
    seed : int
        Of the direction.
    """
    given = np.asarray(gradient, float).ravel()
    row = draw(problem, 0, 1, seed).rows[name][-1]
    moves = np.zeros(given.size)
    moves[row.places] = row.moves
    half = math.sqrt(float(np.finfo(problem.dtype).eps))

    def slack(places: NDArray[np.intp]) -> float:
        return float(half * np.linalg.norm(given[places] * moves[places]))

    def look(groups: Sequence[NDArray[np.intp]]) -> list[Off]:
        rows = [Row(places, moves[places]) for places in groups]
        truth = differences(along(problem, {name: rows}))
        found, bars = truth.problem.structure.check(truth.gradient)[name], truth.bars[name]
        parts = zip(groups, rows, found.tolist(), bars.tolist(), strict=True)
        return [Off(p, float(r.of(given)) - true, bar) for p, r, true, bar in parts]

    bad = [off for off in look([np.arange(given.size)]) if off.errs(slack(off.places))]
    singles: list[NDArray[np.intp]] = []
    while bad:
        if len(bad) > MANY:
            return None
        halves = [off.places[: off.places.size // 2] for off in bad if off.places.size > 1]
        singles += [off.places for off in bad if off.places.size == 1]
        wide = [off for off in bad if off.places.size > 1]
        bad = []
        for off, left in zip(wide, look(halves) if halves else [], strict=True):
            rest = off.places[left.places.size :]
            right = Off(rest, off.by - left.by, off.bar + left.bar)
            bad += [each for each in (left, right) if each.errs(slack(each.places))]
    if not singles:
        return []
    found = []
    for off in look(singles):
        if off.errs(slack(off.places)):
            place = int(off.places[0])
            where = tuple(map(int, np.unravel_index(place, np.shape(gradient))))
            true = given[place] - off.by / moves[place]
            found.append(WrongEntry(where, float(given[place]), float(true)))
    return found
