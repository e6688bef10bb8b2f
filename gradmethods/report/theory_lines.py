"""Lines of theory behind the points of a figure of cost, and where their names may stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradmethods.output.labels import Place


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
    if low == high:  # of a single size a line needs some length
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
