"""What theory says of a figure of cost: thin lines behind the points, and their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradmethods.output.labels import Place
from gradmethods.providers.registry import traits
from gradmethods.report.frames import theoretical
from gradmethods.report.quantities import ERROR, ITEMSIZE, MEMORY, RATIO, TIME, Quantity
from gradmethods.timing.sweeps import Sweep

CHEAP_GRADIENT = 5.0
"""Griewank (1989): reverse mode costs at most five times the function, whatever n is."""

UNIT_ROUNDOFF = float(np.finfo(np.float64).eps) / 2

_POWERS = {1.0: "", 2.0: "²", 3.0: "³"}


@dataclass(frozen=True)
class Line:
    """A line of theory and its name."""

    x: Any
    y: Any
    text: str
    dash: Any = "-"


def theory(
    points: pd.DataFrame, quantity: Quantity, sweep: Sweep, frame: tuple[float, float]
) -> list[Line]:
    """Return what theory says of a quantity over the range of the points.

    Parameters
    ----------
    points : pandas.DataFrame
        From `gradmethods.report.plots.plotted`.
    quantity : Quantity
        What is shown.
    sweep : Sweep
        What grows.
    frame : tuple of float
        Limits of the vertical axis that the points ask for.
    """
    if not len(points):
        return []
    x = np.geomspace(float(points["size"].min()), float(points["size"].max()), 400)
    if x[0] == x[-1]:  # of a single size a line needs some length
        x = np.geomspace(x[0] / 2, 2 * x[0], 400)
    if quantity is RATIO:
        lines = [Line(x, np.full_like(x, CHEAP_GRADIENT), "bound 5", (0, (4, 2)))]
        return lines + [_below(line, 8 * frame[1]) for line in _passes(points, sweep, x)]
    if quantity is TIME:
        return _growth(points, sweep, x, frame)
    if quantity is ERROR:
        return [Line(x, np.full_like(x, UNIT_ROUNDOFF), "unit round-off")]
    if quantity is MEMORY and sweep.grows == "n":
        return [Line(x, ITEMSIZE * x, f"the parameters, {ITEMSIZE}n")]
    return []


def _passes(points: pd.DataFrame, sweep: Sweep, x: NDArray[np.float64]) -> list[Line]:
    # Beyond the points there is room to see the lines go on, and to name them.
    x = np.geomspace(x[0], 1.6 * x[-1], 400)
    fixed = sweep.grows == "N"
    n = np.full_like(x, float(points["n"].iloc[0])) if fixed else x
    lines = []
    for each, once in filter(None, (traits(p).passes for p in _providers(points))):
        y, text = each * n + once, f"{each if each > 1 else ''}n" + (f" + {once}" if once else "")
        lines.append(Line(x, y, f"{text} = {y[0]:,.0f}" if fixed else text))
    return lines


def _providers(points: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(points["provider"]))


def _growth(
    points: pd.DataFrame, sweep: Sweep, x: NDArray[np.float64], frame: tuple[float, float]
) -> list[Line]:
    lines = []
    known = [p for p in _providers(points) if traits(p).growth is not None]
    firsts = {traits(p).family: p for p in reversed(known)}  # one of each method is enough
    for provider in (p for p in known if p in firsts.values()):
        own = points[points["provider"] == provider]
        slope = theoretical(sweep, provider, TIME.column)
        if len(own) > 1 and slope is not None:
            last = own.iloc[-1]
            y = float(last[TIME.column]) * (x / float(last["size"])) ** slope
            text = f"∝ {sweep.grows}{_POWERS[slope]}"
            lines.append(_below(Line(x[y > frame[0]], y[y > frame[0]], text), frame[1]))
    return lines


def _below(line: Line, top: float) -> Line:
    return Line(line.x[line.y < top], line.y[line.y < top], line.text, line.dash)


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


_ABOVE_BELOW = ((2, "bottom"), (-3, "top"))
