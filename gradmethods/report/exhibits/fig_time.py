"""Time per gradient against what grows."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from gradmethods.output.caption import Caption
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Drawing
from gradmethods.providers.registry import traits
from gradmethods.report.cost_frames import theoretical
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

GROWTH = (
    "Thin lines: growth in theory, through the largest point of a method: that of the loss for "
    "backprop, and n times that for the passes of finite differences."
)
GROWTH_OF_EXAMPLES = (
    "Thin lines: growth in theory, through the largest point of a method: every method does its "
    "work for each of them."
)


_POWERS = {1.0: "", 2.0: "²", 3.0: "³"}
"""Exponents as letters; others are typeset as mathematics."""


def theory(points: pd.DataFrame, sweep: Sweep, frame: tuple[float, float]) -> list[Line]:
    """Draw the growth that theory knows through the largest point of each method."""
    x, lines = sizes_along(points), []
    known = [p for p in dict.fromkeys(points["provider"]) if traits(p).growth is not None]
    firsts = {traits(p).family: p for p in reversed(known)}  # One of each method is enough.
    for provider in (p for p in known if p in firsts.values()):
        own = points[points["provider"] == provider]
        slope = theoretical(sweep, provider, TIME.column)
        if len(own) > 1 and slope is not None:
            last = own.iloc[-1]
            y = float(last[TIME.column]) * (x / float(last["size"])) ** slope
            letter = _POWERS.get(slope, f"$^{{{slope:g}}}$")
            text = f"∝ {sweep.grows}{letter}"
            lines.append(below(Line(x[y > frame[0]], y[y > frame[0]], text), frame[1]))
    return lines


TIME = Quantity(
    "gradient_s", "time per gradient (s)", theory, fitted=True, timed=True,
    low="gradient_low_s", high="gradient_high_s", widens=False,
)  # fmt: skip


def caption(sweep: str, costs: pd.DataFrame) -> Caption:
    """Describe the figure of a sweep."""
    lines = GROWTH if SWEEPS[sweep].grows == "n" else GROWTH_OF_EXAMPLES
    text = f"Time of one gradient against {axis_of(sweep, costs)}. {BARS} {lines}"
    text += f"{hollow_points(costs, [sweep])} {endings(costs, sweep)}"
    title = f"Time per gradient {SWEEPS[sweep].against}"
    return Caption(title, text.strip(), (SETTING, ROUNDS, INTERVALS, FITS))


def make(run: Recorded) -> Iterator[Drawing]:
    """Yield a figure for each sweep."""
    yield from drawings(run, "time", TIME, caption, (*NETWORKS, "batch"))


EXHIBIT = Exhibit("figures", 10, RECORDS, make)
