"""Error against step on all problems, side by side."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from gradmethods.output.caption import Caption
from gradmethods.output.figures import new_figure, panel_grid
from gradmethods.output.files import ACCURACY
from gradmethods.output.items import Drawing
from gradmethods.output.style import RC
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import RELATIVE, SAMPLES, STEPS, TRUTH
from gradmethods.report.step_axes import (
    ERROR,
    STEP,
    UNITS,
    add_legend,
    draw_curves,
    draw_marks,
    set_frame,
    title,
    unit_line,
)

CAPTION = Caption(
    "Error against step on every problem, float64",
    "Error of the gradient against the step of differences. Circles: the best step measured; "
    "triangles on the axis: the best in theory (of the complex step the widest good one); "
    "diamonds: the provider's default, at its median. Thin lines: theory. Dashed: unit "
    "round-off. The truncation of central differences and of the complex step is the same but "
    "for its sign: their lines coincide.",
    (TRUTH, RELATIVE, STEPS, SAMPLES),
)


FAR = 1e-17
"""Narrower steps, which only the complex step takes, have a panel of their own."""


def overview(points: pd.DataFrame, steps: pd.DataFrame) -> Figure:
    """Plot error against step in float64, a small panel per problem."""
    points, steps = (frame[frame["dtype"] == "float64"] for frame in (points, steps))
    names = list(dict.fromkeys(points["problem"]))
    rows, columns = panel_grid(len(names))
    figure = new_figure(7.0, 0.9 + 1.75 * rows)
    with mpl.rc_context(RC):
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for axes, name in zip(panels, names, strict=False):
            mine = points[points["problem"] == name]
            set_frame(axes, 10**-16.4)
            draw_curves(axes, mine[mine["step"] > FAR], markers=False)
            draw_marks(axes, steps[steps["problem"] == name], size=4.2)
            unit_line(axes, UNITS["float64"], text="")
            axes.set_title(title(mine), loc="left", fontsize=7)
            axes.xaxis.set_major_locator(FixedLocator([1e-16, 1e-12, 1e-8, 1e-4]))
            axes.yaxis.set_major_locator(FixedLocator([1e-16, 1e-12, 1e-8, 1e-4, 1]))
        for axes in panels[len(names) :]:
            axes.set_axis_off()
        for axes in panels[max(0, len(names) - columns) : len(names)]:
            axes.set_xlabel(STEP)
            axes.tick_params(labelbottom=True)
        figure.supylabel(ERROR, fontsize=8)
        add_legend(figure, points)
    return figure


def make(run: Recorded) -> Iterator[Drawing]:
    """Yield the figure, if several problems were swept."""
    if len(set(run.points["problem"])) > 1:
        caption = run.partly(CAPTION, "atlas", "curves")
        yield Drawing("fig-atlas", caption, run.points, lambda _: overview(run.points, run.steps))


EXHIBIT = Exhibit("steps", 10, ACCURACY, make)
