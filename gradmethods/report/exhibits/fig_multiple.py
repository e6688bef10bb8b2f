"""Operations as a multiple of backprop's, against depth and against width."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from gradmethods.output.caption import Caption
from gradmethods.output.figures import SIZES, new_figure
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Drawing
from gradmethods.output.style import RC, THEORY
from gradmethods.providers.registry import BASELINE, style_of, traits
from gradmethods.report.count_frames import DIRECTIONS, FIXED, Direction
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.panel import ticks
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import COUNTED
from gradmethods.timing.cases import COUNTS

LARGEST = max(COUNTS["all"])
"""Width and depth up to which there are formulas to draw; what shares everything goes on."""

CROWDED = 1.2
"""Multiple below which lines are too close together to be named."""


def multiples(counts: pd.DataFrame, growing: str) -> pd.DataFrame:
    """Return the points of a figure: what is compared with backprop, where one of two is fixed."""
    direction = DIRECTIONS[growing]
    others = counts[
        (counts["provider"] != BASELINE)
        & counts[direction.fixed].isin(FIXED)
        & counts[growing].between(direction.least, LARGEST)
    ].dropna(subset="multiple")
    return others.sort_values(["provider", direction.fixed, growing], ignore_index=True)


def draw(points: pd.DataFrame, growing: str, size: str = "wide") -> Figure:
    """Plot operations ÷ backprop's against depth or width, a line for each fixed width or depth.

    Parameters
    ----------
    points : pandas.DataFrame
        From `multiples`.
    growing : {"depth", "width"}
        What is on the horizontal axis.
    size : {"wide", "column"}, default "wide"
        Two panels beside or above each other.
    """
    direction = DIRECTIONS[growing]
    figure = new_figure(*SIZES[size])
    with mpl.rc_context(RC):
        below = size == "column"
        left, right = figure.subplots(2, 1) if below else figure.subplots(1, 2)
        # What shares nothing is orders of magnitude from the others: it has a scale of its own.
        apart = points["provider"].map(lambda name: traits(name).repeats).astype(bool)
        for axes, chosen in ((left, points[~apart]), (right, points[apart])):
            for (provider, fixed), line in chosen.groupby(["provider", direction.fixed]):
                _line(axes, str(provider), int(str(fixed)), line, growing, direction)
            axes.set_xlabel("hidden layers" if growing == "depth" else "units in a hidden layer")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.margins(x=0.15)
        label = "operations\n÷ backprop's"
        left.set_ylabel(label)
        right.set(yscale="log", ylabel=label if below else "")
        ticks(right.yaxis)
        left.axhline(1.0, color=THEORY, linewidth=0.6, zorder=1)
        figure.legend(loc="outside lower center", ncols=1 if below else 3, handlelength=3)
    return figure


def _line(
    axes: Any, provider: str, fixed: int, line: pd.DataFrame, growing: str, direction: Direction
) -> None:
    style = style_of(provider)
    x, y = line[growing].to_numpy(float), line["multiple"].to_numpy(float)
    named = style.label in axes.get_legend_handles_labels()[1]  # Another of its lines has the name.
    axes.plot(x, y, label=None if named else style.label, **style.plot)
    if y[-1] < CROWDED:
        return
    axes.annotate(
        f"{direction.fixed[0]} = {fixed}", (x[-1], y[-1]), xytext=(4, 0),
        textcoords="offset points", fontsize=6.5, color=style.colour, va="center",
    )  # fmt: skip


def caption(growing: str) -> Caption:
    """Describe a figure of `draw`."""
    fixed = DIRECTIONS[growing].fixed
    letter = {"width": "w units a layer", "depth": "d hidden layers"}[fixed]
    return Caption(
        f"Operations as a multiple of backprop's against {growing}",
        f"Scalar operations of the loss and its gradient ÷ those of backprop's program, against "
        f"the {growing} of networks with two inputs, one output and {letter}, {letter[0]} = 1, 2, "
        "3; lines of the chain rule lie too close together to be named. On the right, on a log "
        f"axis: formulas that share nothing. {COUNTED}",
    )


def make(run: Recorded) -> Iterator[Drawing]:
    """Yield a figure for depth and one for width."""
    for growing in DIRECTIONS:
        points = multiples(run.counts, growing)
        if len(points):
            drawn = partial(draw, points, growing)
            yield Drawing(f"fig-multiple-{growing}", caption(growing), points, drawn, tuple(SIZES))


EXHIBIT = Exhibit("figures", 70, RECORDS, make)
