"""The accuracy-cost plane: what each digit of a gradient costs, with trails over all steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator

from gradmethods.core.naming import file_part
from gradmethods.output.caption import Caption
from gradmethods.output.figures import new_figure, panel_grid
from gradmethods.output.files import ACCURACY
from gradmethods.output.items import Drawing
from gradmethods.output.style import RC
from gradmethods.providers.registry import style_of
from gradmethods.report.accuracy_frames import WHOLE
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import RELATIVE, TIMES, TRUTH
from gradmethods.report.step_axes import ERROR, FLOOR, TOP, UNITS, title, unit_line

CAPTION = Caption(
    "Error against time on every problem",
    "Each method with its default step is a point; a line through it is a difference scheme over "
    "all steps that were tried, whose time is that of a loss times the passes counted. Dashed: "
    "unit round-off.",
    (TRUTH, RELATIVE, TIMES),
)

TIME = "time per gradient (s)"


def timed(gradients: pd.DataFrame) -> pd.DataFrame:
    """Return the points of the plane: whole gradients that were timed and have an error."""
    whole = gradients[(gradients["array"] == WHOLE) & (gradients["gradient_s"] > 0)]
    return whole[whole["error"] >= 0].reset_index(drop=True)


def trails(gradients: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """Return what difference schemes cost and give at each step: counted passes, timed once.

    A pass takes as long at one step as at another, so the time at a step is that of the gradient
    with its default step, times the passes counted at the one ÷ those at the other.
    """
    base = timed(gradients).dropna(subset="forward_passes")
    # The value of the loss takes one more pass, in both.
    each = base["gradient_s"] / (base["forward_passes"].astype(float) + 1)
    known = base[["problem", "dtype", "provider"]].assign(pass_s=each)
    found = points.dropna(subset="error").merge(known, on=["problem", "dtype", "provider"])
    return found.assign(gradient_s=found["pass_s"] * found["passes"].astype(float))


def planes(gradients: pd.DataFrame, points: pd.DataFrame) -> Figure:
    """Plot error against time of every method: a panel per problem, shared axes.

    Parameters
    ----------
    gradients, points : pandas.DataFrame
        As from `gradmethods.report.accuracy_frames`.
    """
    drawn, paths = timed(gradients), trails(gradients, points)
    names = list(dict.fromkeys(drawn["problem"]))
    times = pd.concat([drawn["gradient_s"], paths["gradient_s"]])
    limits = (float(times.min()) / 2, 2 * float(times.max()))
    rows, columns = panel_grid(len(names))
    alone = len(names) == 1
    figure = new_figure(*((5.4, 3.6) if alone else (7.0, 1.1 + 1.75 * rows)))
    with mpl.rc_context(RC):
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for axes, name in zip(panels, names, strict=False):
            axes.set(xscale="log", yscale="log", xlim=limits, ylim=(FLOOR / 2, TOP))
            mine = drawn[drawn["problem"] == name]
            _panel(axes, mine, paths[paths["problem"] == name], alone=alone)
            axes.set_title(title(mine), loc="left", fontsize=7)
            unit_line(axes, UNITS[mine["dtype"].iloc[0]], text="" if not alone else None)
            axes.xaxis.set_major_locator(LogLocator(numticks=9 if alone else 5))
            axes.xaxis.set_minor_locator(NullLocator())
            axes.yaxis.set_major_locator(FixedLocator([1e-16, 1e-12, 1e-8, 1e-4, 1]))
            axes.yaxis.set_minor_locator(NullLocator())
        for axes in panels[len(names) :]:
            axes.set_axis_off()
        for axes in panels[max(0, len(names) - columns) : len(names)]:
            axes.set_xlabel(TIME)
            axes.tick_params(labelbottom=True)
        figure.supylabel(ERROR, fontsize=8)
        place: Any = {"loc": "outside right upper"} if alone else {"loc": "outside lower center"}
        figure.legend(handles=_handles(drawn, paths), ncols=1 if alone else 4, **place)
    return figure


def _panel(axes: Any, drawn: pd.DataFrame, paths: pd.DataFrame, *, alone: bool) -> None:
    dots: Any = {"marker": ".", "markersize": 1.6} if alone else {}
    for provider, path in paths.groupby("provider", sort=False):
        style, path = style_of(str(provider)), path.sort_values("step")  # noqa: PLW2901  # in order
        axes.plot(
            path["gradient_s"], path["error"].clip(lower=FLOOR), color=style.colour, alpha=0.6,
            linewidth=0.7, zorder=2, **dots,
        )  # fmt: skip
    for row in drawn.to_dict("records"):
        style = style_of(row["provider"])
        hollow: Any = {} if row["error"] else {"markerfacecolor": "white"}
        axes.plot(
            [row["gradient_s"]], [max(row["error"], FLOOR)], marker=style.marker,
            color=style.colour, markersize=6.0 if alone else 4.0, linestyle="none",
            markeredgecolor="white", markeredgewidth=0.3, zorder=4, **hollow,
        )  # fmt: skip


def _handles(drawn: pd.DataFrame, paths: pd.DataFrame) -> list[Any]:
    trailed = set(paths["provider"])
    handles = []
    for provider in dict.fromkeys(drawn["provider"]):
        style = style_of(provider)
        line: Any = {"linewidth": 0.7} if provider in trailed else {"linestyle": "none"}
        handles.append(
            Line2D([], [], label=style.label, color=style.colour, marker=style.marker, **line)
        )
    return handles


def make(run: Recorded) -> Iterator[Drawing]:
    """Yield the figure, if gradients were timed; of a single problem under its name."""
    drawn = timed(run.gradients)
    names = list(dict.fromkeys(drawn["problem"]))
    if names:
        identifier = "fig-plane"
        caption = run.partly(CAPTION, "gradient", "gradients")
        if len(names) == 1:
            identifier += f"-{file_part(names[0])}"
            caption = Caption(f"Error against time: {names[0]}", CAPTION.text, CAPTION.shared)
        yield Drawing(identifier, caption, drawn, lambda _: planes(run.gradients, run.points))


EXHIBIT = Exhibit("digits-and-time", 10, ACCURACY, make)
