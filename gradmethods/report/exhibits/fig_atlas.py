"""Error against step: on all problems side by side, and a figure for each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from gradmethods.core.naming import file_part
from gradmethods.output.caption import Caption
from gradmethods.output.figures import new_figure, panel_grid
from gradmethods.output.files import ACCURACY
from gradmethods.output.items import Drawing
from gradmethods.output.style import RC, THEORY
from gradmethods.providers.schemes import SCHEMES, subtracts
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import RELATIVE, SAMPLES, STEPS, TRUTH
from gradmethods.report.step_axes import (
    ERROR,
    STEP,
    TOP,
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

LEFT = {"float64": 10**-17.2, "float32": 10**-8.7}
TRUNCATED, ROUNDED = (3e-3, 1e-2), 3e-11
"""Steps at which branches of theory are named: of truncation, of low and of higher order; of
round-off, whose names lie on one line."""
POWERS = "⁰¹²³⁴⁵⁶⁷⁸⁹"


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


def caption(problem: str) -> Caption:
    """Describe the figure of a problem."""
    return Caption(
        f"Error against step: {problem}",
        f"{CAPTION.text} Left of the break: the complex step down to 1e-200. Shaded: "
        "steps that are lost when added to the largest parameter, which a provider refuses.",
        CAPTION.shared,
    )


def problem_atlas(points: pd.DataFrame, steps: pd.DataFrame) -> Figure:
    """Plot error against step of every scheme on one problem, a panel per dtype.

    Parameters
    ----------
    points, steps : pandas.DataFrame
        Rows of one problem, as from `gradmethods.report.accuracy_frames`.
    """
    dtypes = [dtype for dtype in UNITS if dtype in set(points["dtype"])]
    figure = new_figure(7.0, 4.3)
    with mpl.rc_context(RC):
        widths = [0.8, *(4.2 if dtype == "float64" else 2.5 for dtype in dtypes)]
        far, *panels = figure.subplots(
            1, len(widths), sharey=True, gridspec_kw={"width_ratios": widths, "wspace": 0.02}
        )
        for axes, dtype in zip(panels, dtypes, strict=True):
            mine = points[points["dtype"] == dtype]
            set_frame(axes, LEFT[dtype])
            axes.set_xlabel(STEP)
            draw_curves(axes, mine)
            draw_marks(axes, steps[steps["dtype"] == dtype])
            _shade_lost(axes, mine, LEFT[dtype])
            unit_line(axes, UNITS[dtype])
            if dtype == "float64":  # The other panel has no room.
                _slopes(axes, mine)
            axes.set_title(dtype, loc="left")
            axes.tick_params(axis="y", which="both", left=False)
        beyond = points[(points["dtype"] == dtypes[0]) & (points["step"] < 1e-15)]
        _far(far, beyond[~beyond["scheme"].map(subtracts).astype(bool)])
        far.set_ylabel(ERROR)
        add_legend(figure, points)
    return figure


def _shade_lost(axes: Any, points: pd.DataFrame, left: float) -> None:
    """Shade the steps that change nothing: added to a parameter they are rounded away."""
    fixed = points[points["scheme"].isin(SCHEMES)]
    lost = fixed.loc[fixed["lost"].fillna("").str.contains("lost in rounding"), "step"]
    if len(lost):
        end = float(lost.max())
        axes.axvspan(left / 10, end, color="#F1F1F1", zorder=0, linewidth=0)
        if end < 6 * left:  # There is no room for words.
            return
        axes.annotate(
            "lost in rounding", (math.sqrt(left * end), 0.45), rotation=90, ha="center",
            va="center", xycoords=("data", "axes fraction"), fontsize=6, color=THEORY,
        )  # fmt: skip


def _slopes(axes: Any, points: pd.DataFrame) -> None:
    """Name the branches by how they grow with the step, where theory has them."""
    for scheme, step, text in _branches():
        law = points[(points["scheme"] == scheme) & (points["predicted"] > 0)]
        if not len(law):
            continue
        near = law.loc[(np.log(law["step"]) - math.log(step)).abs().idxmin()]
        if not 1e3 * UNITS["float64"] < near["predicted"] < TOP:  # The scheme truncates nothing.
            continue
        right = step not in TRUNCATED[:1]  # No other line is near on that side.
        axes.annotate(
            text, (near["step"], near["predicted"]), xytext=(7 if right else -4, 3),
            textcoords="offset points", ha="left" if right else "right", va="bottom",
            fontsize=6.5, color=THEORY,
        )  # fmt: skip


def _branches() -> list[tuple[str, float, str]]:
    """Say which branches of theory are named at which step, and how: each order once."""
    named: dict[int, tuple[str, float, str]] = {}
    again = []
    for rule in SCHEMES.values():
        if rule.order in named:
            again.append((rule.name, ROUNDED, "∝ 1/h"))
            continue
        power = POWERS[rule.order] if rule.order > 1 else ""
        named[rule.order] = (rule.name, TRUNCATED[rule.order > 2], f"∝ h{power}")
    return [*named.values(), *again[:1]]


def _far(axes: Any, points: pd.DataFrame) -> None:
    """Draw the far end of the complex step, behind a break of the axis."""
    set_frame(axes, 1e-207, 1e-13)
    draw_curves(axes, points)
    axes.xaxis.set_major_locator(FixedLocator([1e-200, 1e-100]))
    axes.set_title("complex step", loc="left", fontsize=6.5)
    for x in (1.0, 1.075):  # Two strokes across the axis mark the break.
        axes.plot(
            [x - 0.04, x + 0.04], [-0.015, 0.015], transform=axes.transAxes, color="black",
            linewidth=0.6, clip_on=False,
        )  # fmt: skip


def make(run: Recorded) -> Iterator[Drawing]:
    """Yield the overview, if several problems were swept."""
    if len(set(run.points["problem"])) > 1:
        shown = run.partly(CAPTION, "atlas", "curves")
        yield Drawing("fig-atlas", shown, run.points, lambda _: overview(run.points, run.steps))


def make_each(run: Recorded) -> Iterator[Drawing]:
    """Yield a figure for each problem; in a run of the benchmark the overview must do."""
    names = list(dict.fromkeys(run.points["problem"]))
    for name in names if len(names) == 1 or not run.records else ():
        points, steps = (frame[frame["problem"] == name] for frame in (run.points, run.steps))
        identifier = f"fig-atlas-{file_part(name)}"
        draw = partial(_drawn, points, steps)
        yield Drawing(identifier, caption(name), points, draw)


def _drawn(points: pd.DataFrame, steps: pd.DataFrame, _size: str) -> Figure:
    return problem_atlas(points, steps)


OVERVIEW = Exhibit("steps", 10, ACCURACY, make)
EACH = Exhibit("steps", 40, ACCURACY, make_each)
