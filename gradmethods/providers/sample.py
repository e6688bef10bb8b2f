"""What the choice of steps looks at: the loss beside a point, and a few entries of each array."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.problem import Problem
from gradmethods.providers.black_box import over_reals
from gradmethods.providers.noise import POINTS

CANDIDATES = 4096
"""Entries of a large array that the sample is taken from."""

AWAY = 0.01
"""How far from the point to see what losses are like elsewhere, in sizes of the entries."""


class Probe:
    """The loss beside the point of a problem, NaN where it raises.

    Attributes
    ----------
    point : numpy.ndarray
        The flat parameters; whatever is moved is put back.
    value : float
        The loss there.
    passes : int
        How often it was evaluated.
    """

    def __init__(self, problem: Problem) -> None:
        self.point = problem.structure.join(problem.structure.check(problem.params))
        self.passes = 0
        self._evaluate = over_reals(problem, self.point, problem.data)
        self.value = self._evaluated()

    def moved(self, where: Any, to: Any) -> float:
        """Evaluate the loss with some entries moved; it takes no pass to stay."""
        before = self.point[where].copy()
        self.point[where] = to
        stays = np.array_equal(before, self.point[where])
        value = self.value if stays else self._evaluated()
        self.point[where] = before
        return value

    def _evaluated(self) -> float:
        self.passes += 1
        try:
            return self._evaluate()
        except Exception:  # noqa: BLE001  # a loss may refuse a place that nobody asked it for
            return math.nan


class Sample:
    """Entries that stand for an array.

    Attributes
    ----------
    entries : numpy.ndarray
        Places in the array: the largest, the smallest, and some between.
    scales : numpy.ndarray
        Their sizes |x|; for zeros, the typical size of others, and 1 if there are none.
    rest : numpy.ndarray
        Places of others, all or many.
    least, most : float
        The range of sizes in the array, but for zeros.
    """

    def __init__(self, probe: Probe, part: slice, most: int) -> None:
        x = probe.point[part]
        places = np.arange(min(x.size, CANDIDATES))
        if x.size > CANDIDATES:
            places = np.unique(np.random.default_rng(0).integers(0, x.size, CANDIDATES))
        sizes = abs(x[places].astype(float))
        typical = float(np.median(sizes[sizes > 0])) if sizes.any() else 1.0
        scales = np.where(sizes > 0, sizes, typical)
        ranks = np.linspace(0, places.size - 1, min(most, places.size)).round().astype(int)
        # The ends come first: they tell whether steps go along with sizes.
        order = np.argsort(sizes, kind="stable")[np.roll(ranks, 1)]
        self.entries, self.scales = places[order], scales[order]
        self.rest = np.setdiff1d(places, self.entries)
        self.least = float(scales.min())
        self.most = max(float(x.max()), -float(x.min()), self.least)
        self._probe, self._start = probe, part.start
        self._places, self._all_scales = places, scales
        self._rng = np.random.default_rng(1)

    def line(self) -> Any:
        """Return the loss along a line on which all entries move by like parts of their size."""
        where = self._start + self._places
        x = self._probe.point[where].astype(float)
        dtype = self._probe.point.dtype
        towards = self._all_scales * self._rng.uniform(0.5, 1, x.size) * self._signs(x.size)

        def line(spacing: float, k: int) -> float:
            # On the grid of numbers at the far end: k times the move is no rounding away.
            move = spacing * towards
            grid = np.spacing((abs(x) + POINTS * abs(move)).astype(dtype)).astype(float)
            return self._probe.moved(where, (x + k * np.round(move / grid) * grid).astype(dtype))

        return line

    def entry(self, entry: int) -> tuple[Any, Any]:
        """Return an entry, and the loss as a function of it."""
        i = self._start + entry
        return self._probe.point[i], lambda place: self._probe.moved(i, place)

    def together(self, steps: NDArray[np.float64]) -> Any:
        """Return the loss while the rest moves at once, by multiples of `steps` up or down."""
        where = self._start + self.rest
        x = self._probe.point[where]
        towards = steps * self._signs(x.size)
        return lambda by: self._probe.moved(where, (x + by * towards).astype(x.dtype))

    def away(self) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return places in the flat vector, and moves of these that lead a good way off."""
        return self._start + self._places, AWAY * self._all_scales * self._signs(self._places.size)

    def values(self, places: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return entries of the array."""
        return np.asarray(self._probe.point[self._start + places], np.float64)

    def _signs(self, size: int) -> NDArray[np.float64]:
        return self._rng.choice([-1.0, 1.0], size)
