"""Figures of both runs on the same axes: how times and digits moved, and the costs overlaid."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from gradmethods.output.caption import Caption
from gradmethods.output.figures import new_figure, panel_grid
from gradmethods.output.style import RC, THEORY
from gradmethods.providers.registry import style_of
from gradmethods.report.difference.entries import FULL
from gradmethods.report.difference.speed import NONE, Speeds
from gradmethods.report.difference.two_runs import HALF, Difference
from gradmethods.report.exhibits.fig_growth import RATIO
from gradmethods.report.panel import Panel, plotted
from gradmethods.timing.sweeps import SWEEPS

EARLIER: Any = {"linewidth": 5.0, "alpha": 0.3, "marker": "none", "linestyle": "-"}
"""The first run, a broad pale line: where nothing changed, the second runs in its middle."""


@dataclass(frozen=True)
class Overlay:
    """A figure of both runs.

    Attributes
    ----------
    id : str
        Begins with ``fig-``.
    caption : Caption
        What it shows.
    draw : callable
        Makes it.
    """

    id: str
    caption: Caption
    draw: Callable[[], Figure]


def overlays(difference: Difference) -> Iterator[Overlay]:
    """Yield the figures of a comparison, those for which both runs have points."""
    speeds = difference.speeds
    if speeds is not None and speeds.cases:
        yield Overlay("fig-diff-times", TIMES, lambda: times_figure(speeds))
    sweeps = shared_sweeps(difference)
    if sweeps and speeds is not None:
        yield Overlay("fig-diff-costs", COSTS, lambda: costs_figure(difference, sweeps))
    if any(a.digits is not None and b.digits is not None for a, b in difference.pairs):
        yield Overlay("fig-diff-digits", DIGITS, lambda: digits_figure(difference))


TIMES = Caption(
    "Times of the second run, in units of the first",
    "Gradient time ÷ loss time in B ÷ the same in A, case by case, with the intervals of both; "
    "right of 1, B is slower. Filled: called slower or faster; hollow: no difference. The grey "
    "band is the noise floor. Diamonds: all cases of a method together, with the 95 % interval "
    "of Student's t, where there are four or more.",
)
COSTS = Caption(
    "Gradient time ÷ loss time of both runs",
    "Broad and pale: A. Markers: B. Where nothing changed, they lie on one another. Thin lines: "
    "theory; a circle marks where a method stopped in B although the sweep goes on.",
)
DIGITS = Caption(
    "Correct digits of both runs",
    "Every answer that both runs have, by the digits that were right in A and in B: above the "
    f"line B is more accurate. The grey band holds differences below {HALF} digits, which are "
    "called none.",
)


def times_figure(speeds: Speeds) -> Figure:
    """Plot how the time of every case moved, a row for each method of a part."""
    rows = list(dict.fromkeys((case.part, case.method) for case in speeds.cases))
    figure = new_figure(7.0, 1.0 + 0.3 * len(rows))
    with mpl.rc_context(RC):
        axes = figure.subplots()
        axes.set(xscale="log", xlabel="gradient ÷ loss in B ÷ the same in A")
        for y, (part, method) in enumerate(rows):
            style, floor = style_of(method), speeds.floors[part]
            axes.fill_betweenx([y - 0.5, y + 0.5], 1 / floor, floor, color="#EEEEEE", zorder=0)
            own = [case for case in speeds.cases if (case.part, case.method) == (part, method)]
            for place, case in zip(_spread(len(own)), own, strict=True):
                middle, low, high = case.ratio
                filled = style.colour if case.called != NONE else "white"
                if low <= high:
                    axes.hlines(y + place, low, high, color=style.colour, linewidth=0.8, alpha=0.6)
                axes.plot(
                    [middle], [y + place], linestyle="none", marker=style.marker, markersize=3,
                    color=style.colour, markerfacecolor=filled, markeredgewidth=0.6,
                )  # fmt: skip
        for whole in speeds.methods:
            top = rows.index((whole.part, whole.method)) - 0.42
            middle, low, high = whole.ratio
            axes.hlines(top, low, high, color="black", linewidth=1)
            filled = "black" if whole.called != NONE else "white"
            axes.plot([middle], [top], "D", color="black", markersize=3.5, markerfacecolor=filled)
        axes.axvline(1.0, color=THEORY, linewidth=0.6, zorder=1)
        axes.set_yticks(range(len(rows)), [f"{style_of(m).label} ({part})" for part, m in rows])
        axes.set_ylim(len(rows) - 0.5, -0.6)
        axes.grid(visible=False, axis="y")
        _plain(axes, [case.ratio[0] for case in speeds.cases])
    return figure


def _spread(count: int) -> list[float]:
    """Return places of points within a row, so that they do not hide one another."""
    return [0.0] if count == 1 else np.linspace(-0.24, 0.36, count).tolist()


def _plain(axes: Any, ratios: list[float]) -> None:
    """Name ratios as people do; at least a tenth up and down is shown."""
    most = max(1.15, *(max(ratio, 1 / ratio) for ratio in ratios)) ** 1.1
    axes.set_xlim(1 / most, most)
    near = (0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 0.8, 1.3, 0.7)
    if most < 1.5:
        axes.set_xticks([tick for tick in near if 1 / most <= tick <= most])
    else:
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def shared_sweeps(difference: Difference) -> list[str]:
    """Name the sweeps of which both runs have points of one method at least."""
    found = []
    for name in SWEEPS:
        own = [plotted(run.costs, name, RATIO) for run in (difference.first, difference.second)]
        if set(own[0]["provider"]) & set(own[1]["provider"]):
            found.append(name)
    return found


def costs_figure(difference: Difference, sweeps: list[str]) -> Figure:
    """Plot gradient ÷ loss of both runs, a panel for each sweep."""
    rows, columns = panel_grid(len(sweeps), most=3)
    figure = new_figure(7.0, 0.7 + 2.2 * rows)
    with mpl.rc_context(RC):
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        handles: dict[str, Line2D] = {}
        for axes, sweep in zip(grid, sweeps, strict=False):
            panel = Panel(axes, difference.second.costs, sweep, RATIO)
            for provider, group in _methods(plotted(difference.first.costs, sweep, RATIO)):
                colour = style_of(provider).colour
                axes.plot(group["size"], group[RATIO.column], color=colour, **EARLIER)
            for provider, group in panel.methods:
                panel.draw(provider, style_of(provider).label, group)
            panel.frame()
            panel.close()
            axes.set(xlabel=SWEEPS[sweep].grows, title=sweep)
            found = axes.get_legend_handles_labels()
            handles |= dict(zip(found[1], found[0], strict=True))
        for axes in grid[len(sweeps) :]:
            axes.remove()
        for axes in grid[::columns][: math.ceil(len(sweeps) / columns)]:
            axes.set_ylabel("gradient ÷ loss")
        handles |= {"A": Line2D([], [], color="black", **EARLIER)}
        handles |= {"B": Line2D([], [], color="black", marker="o")}
        figure.legend(
            list(handles.values()),
            list(handles),
            loc="outside lower center",
            ncols=4,
            handlelength=3,
        )
    return figure


def _methods(points: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return [(str(name), own) for name, own in points.groupby("provider", sort=False)]


def digits_figure(difference: Difference) -> Figure:
    """Plot the digits of every answer in the second run against those in the first."""
    figure = new_figure(7.0, 4.2)
    with mpl.rc_context(RC):
        axes = figure.subplots()
        ends = np.array([-0.5, FULL + 0.5])
        axes.fill_between(ends, ends - HALF, ends + HALF, color="#EEEEEE", zorder=0)
        axes.plot(ends, ends, color=THEORY, linewidth=0.6, zorder=1)
        found: dict[str, list[tuple[float, float]]] = {}
        for first, second in difference.pairs:
            if first.digits is not None and second.digits is not None:
                found.setdefault(first.method, []).append((first.digits, second.digits))
        for method, points in found.items():
            style = style_of(method)
            axes.plot(
                *zip(*points, strict=True), linestyle="none", marker=style.marker, markersize=3.5,
                color=style.colour, markerfacecolor="none", markeredgewidth=0.7, label=style.label,
            )  # fmt: skip
        axes.set(
            xlabel="correct digits in A", ylabel="correct digits in B", xlim=ends, ylim=ends,
            aspect="equal",
        )  # fmt: skip
        axes.legend(loc="center left", bbox_to_anchor=(1.03, 0.5))
    return figure
