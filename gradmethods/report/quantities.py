"""The quantities that figures of cost show: their column, their axis, and lines of theory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradmethods.output.labels import Place
from gradmethods.timing.sweeps import Sweep


@dataclass(frozen=True)
class Line:
    """A line of theory and its name."""

    x: Any
    y: Any
    text: str
    dash: Any = "-"


def sizes_along(points: pd.DataFrame) -> NDArray[np.float64]:
    """Return sizes from the smallest to the largest of the points, close enough for a line."""
    low, high = float(points["size"].min()), float(points["size"].max())
    if low == high:  # A line over a single size needs some length.
        low, high = low / 2, 2 * low
    return np.geomspace(low, high, 400)


def below(line: Line, top: float) -> Line:
    """Cut a line off where it leaves the frame."""
    return Line(line.x[line.y < top], line.y[line.y < top], line.text, line.dash)


_ABOVE_BELOW = ((2, "bottom"), (-3, "top"))


def along(line: Line) -> list[Place]:
    """List places for the name of a line, its upper end first."""
    x, y = line.x[-1], line.y[-1]
    if line.y[0] == y:
        ends = [(x, "right"), (line.x[0], "left")]
        return [Place(at, y, 0, dy, ha, va) for at, ha in ends for dy, va in _ABOVE_BELOW]
    inner = [
        Place(line.x[k], line.y[k], side * 5, 0, "left" if side > 0 else "right")
        for k in range(len(line.x) - 1, 0, -len(line.x) // 25 or -1)
        for side in (1, -1)
    ]
    return [Place(x, y, 4, 0), *inner]


Theory = Callable[[pd.DataFrame, Sweep, tuple[float, float]], list[Line]]
"""Takes the points, the sweep, and the limits of the vertical axis that the points ask for."""

WORDS = {
    "gradient_s": "time per gradient",
    "ratio": "gradient ÷ loss",
    "preparation_s": "preparation",
    "operations": "operations",
    "gradient_bytes": "memory of a gradient",
}
"""Columns whose growth is fitted, in words."""

ITEMSIZE = np.dtype(np.float64).itemsize
"""Bytes of one parameter: every case of the benchmark is in float64."""


def no_theory(_points: pd.DataFrame, _sweep: Sweep, _frame: tuple[float, float]) -> list[Line]:
    """Say that theory knows nothing of a quantity."""
    return []


@dataclass(frozen=True)
class Quantity:
    """What a figure shows on its vertical axis.

    Attributes
    ----------
    column : str
        Of the frame of costs, or of memory.
    label : str
        Of the axis, with the unit.
    theory : callable
        Returns the lines behind the points.
    fitted, timed : bool
        Whether growth is fitted; whether other processes can have disturbed it.
    low, high : str, optional
        Columns of its interval.
    widens : bool
        Whether the frame makes room for the lines of theory.
    """

    column: str
    label: str
    theory: Theory = no_theory
    fitted: bool = False
    timed: bool = False
    low: str | None = None
    high: str | None = None
    widens: bool = True
