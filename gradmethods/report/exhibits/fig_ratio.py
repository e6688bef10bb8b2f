"""Time of a gradient in units of the time of the loss, against what grows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradmethods.output.caption import Caption
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Drawing
from gradmethods.providers.registry import traits
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.growth_figure import (
    BARS,
    axis_of,
    drawings,
    endings,
    hollow_points,
)
from gradmethods.report.quantities import Line, Quantity, below, sizes_along
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import (
    FITS,
    INTERVALS,
    ROUNDS,
    SETTING,
)
from gradmethods.timing.sweeps import NETWORKS, SWEEPS, Sweep

BOUND = (
    "Thin lines: the forward passes of finite differences, n + 1 forward and 2n central. Dashed: "
    "the bound on the operations of reverse mode, five times those of the function (Griewank 1989)."
)


CHEAP_GRADIENT = 5.0
"""Griewank (1989): reverse mode costs at most five times the function, whatever n is."""


def theory(points: pd.DataFrame, sweep: Sweep, frame: tuple[float, float]) -> list[Line]:
    """Draw the bound of reverse mode, and the forward passes of finite differences."""
    x = sizes_along(points)
    lines = [Line(x, np.full_like(x, CHEAP_GRADIENT), f"bound {CHEAP_GRADIENT:g}", (0, (4, 2)))]
    return lines + [below(line, 8 * frame[1]) for line in _passes(points, sweep, x)]


def _passes(points: pd.DataFrame, sweep: Sweep, x: NDArray[np.float64]) -> list[Line]:
    # The axis goes on beyond the points, so that lines can be followed and named.
    x = np.geomspace(x[0], 1.6 * x[-1], 400)
    fixed = sweep.grows != "n"
    n = np.full_like(x, float(points["n"].iloc[0])) if fixed else x
    lines = []
    for each, once in filter(None, (traits(p).passes for p in dict.fromkeys(points["provider"]))):
        y, text = each * n + once, f"{each if each > 1 else ''}n" + (f" + {once}" if once else "")
        lines.append(Line(x, y, f"{text} = {y[0]:,.0f}" if fixed else text))
    return lines


RATIO = Quantity(
    "ratio", "time per gradient ÷ time per loss", theory, fitted=True, timed=True,
    low="ratio_low", high="ratio_high",
)  # fmt: skip


def caption(sweep: str, costs: pd.DataFrame) -> Caption:
    """Describe the figure of a sweep."""
    text = "Time of one gradient ÷ time of the loss in plain NumPy, against "
    text += f"{axis_of(sweep, costs)}. {BARS} {BOUND}"
    text += f"{hollow_points(costs, [sweep])} {endings(costs, sweep)}"
    title = f"Gradient time ÷ loss time {SWEEPS[sweep].against}"
    return Caption(title, text.strip(), (SETTING, ROUNDS, INTERVALS, FITS))


def make(run: Recorded) -> Iterator[Drawing]:
    """Yield a figure for each sweep."""
    yield from drawings(run, "ratio", RATIO, caption, (*NETWORKS, "batch"))


EXHIBIT = Exhibit("figures", 20, RECORDS, make)
