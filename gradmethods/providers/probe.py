"""What the choice of steps asks of a loss: its values beside a point."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.providers.moved_loss import over_reals
from gradmethods.providers.schemes import or_nan

MOST = 4096
"""Parameters that a line moves, at most, and whose sizes are looked at."""
AWAY = 0.01
"""How far from the point to see what losses are like elsewhere, in sizes of the parameters."""


class Probe:
    """The loss beside the point of a problem, NaN where it raises.

    Attributes
    ----------
    point : numpy.ndarray
        The flat parameters; whatever is moved is put back.
    value : float
        The loss there.
    bounds : Bounds or None
        Of the problem.
    passes : int
        How often it was evaluated.
    """

    def __init__(self, problem: Problem) -> None:
        self.point = problem.structure.join(problem.structure.check(problem.params))
        self.bounds = problem.bounds
        self.passes = 0
        self._evaluate = or_nan(over_reals(problem, self.point, problem.data))
        self.value = self._evaluated()
        self._some = some(self.point.size, MOST)

    def moved(self, where: Any, to: Any) -> float:
        """Evaluate the loss with some parameters moved."""
        before = self.point[where].copy()
        self.point[where] = to
        value = self._evaluated()
        self.point[where] = before
        return value

    def line(self, rng: np.random.Generator, points: int, spacing: float) -> list[float]:
        """Evaluate the loss along a line on which parameters move by like parts of their size."""
        x = self.point[self._some]
        signs = rng.choice([-1.0, 1.0], x.size)
        move = spacing * sizes_of(x) * rng.uniform(0.5, 1, x.size) * signs
        return self.along(self._some, move, points)

    def along(self, where: Any, move: NDArray[np.float64], points: int) -> list[float]:
        """Evaluate the loss at equidistant points of a line, the point itself in the middle."""
        x = self.point[where].astype(float)
        dtype = self.point.dtype
        # On the grid of numbers at the far end: k times the move is no rounding away.
        grid = np.spacing((abs(x) + points * abs(move)).astype(dtype)).astype(float)
        move = np.round(move / grid) * grid
        half = points // 2
        moved = ((x + k * move).astype(dtype) for k in range(-half, half + 1))
        return [self.value if k == half else self.moved(where, to) for k, to in enumerate(moved)]

    def away(self) -> tuple[tuple[float, float], list[float]]:
        """Return how large losses are a good way off, how much they vary per size, and some.

        At a minimum of 0, the loss is neither as small elsewhere as it is there, nor as flat.
        """
        x = self.point[self._some]
        move = AWAY * sizes_of(x) * np.random.default_rng(1).choice([-1.0, 1.0], x.size)
        losses = self.along(self._some, move, 3)
        values = np.array(losses)
        if not np.isfinite(values).all():
            return (abs(self.value), 0.0), losses
        return (float(abs(values).max()), float(abs(values - self.value).max()) / AWAY), losses

    def far(self) -> float:
        """Return how large the loss is with parameters of all one sign, or of sizes of about 1."""
        x = self.point[self._some]
        signs = np.random.default_rng(2).choice([-1.0, 1.0], x.size)
        sizes = np.maximum(abs(x.astype(float)), 1)
        places = sizes, signs * sizes, signs
        values = [abs(self.moved(self._some, place.astype(x.dtype))) for place in places]
        return max((value for value in values if np.isfinite(value)), default=0.0)

    def constant(self, slopes: Iterable[float]) -> bool:
        """Whether the loss is one number: where no slope was found, it is looked for far away.

        A slope that rounding drowns shows there, unless it is drowned by 1/u² more.
        """
        if any(slope != 0 for slope in slopes):
            return False
        x, u = self.point[self._some], float(np.finfo(self.point.dtype).eps) / 2
        far = [self.moved(self._some, x * x.dtype.type(s)) for s in (0, -1, 1 / u, -1 / u**2)]
        return all(value == self.value for value in far)

    def _evaluated(self) -> float:
        self.passes += 1
        return self._evaluate()


def some(size: int, most: int) -> Any:
    """Return places in a long array, all of them in a short one."""
    if size <= most:
        return np.arange(size)
    return np.unique(np.random.default_rng(0).integers(0, size, most))


def sizes_of(x: NDArray[Any]) -> NDArray[np.float64]:
    """Return |x|; for zeros the typical size of the others, at most 1, and 1 if there are none."""
    sizes = abs(x.astype(float))
    positive = sizes[sizes > 0]
    typical = min(float(np.median(positive)), 1.0) if positive.size else 1.0
    return np.asarray(np.where(sizes > 0, sizes, typical))
