"""Error against step: a figure per problem, one of all problems, and theory against measurement."""

from __future__ import annotations

import math
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from gradmethods.output.figures import new_figure, panel_grid
from gradmethods.output.format import count
from gradmethods.output.style import RC, THEORY
from gradmethods.providers.registry import style_of, traits
from gradmethods.providers.schemes import SCHEMES, subtracts

TOP = 30.0
"""Where errors leave the figure: beyond 1 nothing of a gradient is right."""
FLOOR = 2e-17
"""Where an error of exactly 0 is drawn."""
ERROR = "error relative to the norm of the gradient"
STEP = "step h (absolute)"
LEFT = {"float64": 10**-17.2, "float32": 10**-8.7}
FAR = 1e-17
"""Narrower steps, which only the complex step takes, have a panel of their own."""
WIDEST = 0.3
TRUNCATED, ROUNDED = (3e-3, 1e-2), 3e-11
"""Steps at which branches of theory are named: of truncation, of low and of higher order; of
round-off, whose names lie on one line."""
POWERS = "⁰¹²³⁴⁵⁶⁷⁸⁹"

UNITS = {"float64": float(np.finfo(np.float64).eps) / 2, "float32": 2.0**-24}


def problem_atlas(points: pd.DataFrame, steps: pd.DataFrame) -> Figure:
    """Plot error against step of every scheme on one problem, a panel per dtype.

    Parameters
    ----------
    points, steps : pandas.DataFrame
        Rows of one problem, as from `gradmethods.report.accuracy.frames`.
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
            _frame(axes, LEFT[dtype])
            axes.set_xlabel(STEP)
            _curves(axes, mine)
            _marks(axes, steps[steps["dtype"] == dtype])
            _shade_lost(axes, mine, LEFT[dtype])
            unit_line(axes, UNITS[dtype])
            if dtype == "float64":  # in the other there is no room
                _slopes(axes, mine)
            axes.set_title(dtype, loc="left")
            axes.tick_params(axis="y", which="both", left=False)
        beyond = points[(points["dtype"] == dtypes[0]) & (points["step"] < 1e-15)]
        _far(far, beyond[~beyond["scheme"].map(subtracts).astype(bool)])
        far.set_ylabel(ERROR)
        _legend(figure, points)
    return figure


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
            _frame(axes, 10**-16.4)
            _curves(axes, mine[mine["step"] > FAR], markers=False)
            _marks(axes, steps[steps["problem"] == name], size=4.2)
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
        _legend(figure, points)
    return figure


def _frame(axes: Any, left: float, right: float = WIDEST) -> None:
    """Set the limits, before anything is drawn: a single point has none of its own."""
    axes.set(xscale="log", yscale="log", xlim=(left, right), ylim=(FLOOR / 2, TOP))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())


def _curves(axes: Any, points: pd.DataFrame, *, markers: bool = True) -> None:
    """Draw what was measured, and theory as thin lines behind it."""
    for provider, group in points.groupby("provider", sort=False):
        style = style_of(str(provider))
        found = group.dropna(subset="error").sort_values("step")
        y = found["error"].clip(lower=FLOOR)
        axes.plot(
            found["step"], y, color=style.colour, linestyle=style.line, linewidth=0.9,
            marker=style.marker if markers else None, markersize=2.4, markeredgewidth=0.3,
        )  # fmt: skip
        law = group.dropna(subset="predicted").sort_values("step")
        axes.plot(law["step"], law["predicted"], color=THEORY, linewidth=0.5, zorder=1)


def _marks(axes: Any, steps: pd.DataFrame, size: float = 6.0) -> None:
    """Mark the best step measured, the one of theory, and the default."""
    for row in steps.to_dict("records"):
        style = style_of(row["provider"])
        if row["best_error"] >= 0 and subtracts(row["scheme"]):
            axes.plot(
                [row["best_step"]], [max(row["best_error"], FLOOR)], marker="o", markersize=size,
                markerfacecolor="none", markeredgecolor=style.colour, markeredgewidth=0.9,
                zorder=4,
            )  # fmt: skip
        if row["default_error"] >= 0 and subtracts(row["scheme"]):
            axes.plot(
                [row["default_step"]], [max(row["default_error"], FLOOR)], marker="D",
                markersize=0.75 * size, markerfacecolor=style.colour, markeredgecolor="black",
                markeredgewidth=0.6, zorder=5,
            )  # fmt: skip
        if row["theory_step"] > 0:
            axes.plot(
                [row["theory_step"]], [0.0], marker="^", markersize=size, clip_on=False, zorder=6,
                markerfacecolor=style.colour, markeredgecolor="black", markeredgewidth=0.4,
                transform=axes.get_xaxis_transform(),
            )  # fmt: skip


def _shade_lost(axes: Any, points: pd.DataFrame, left: float) -> None:
    """Shade the steps that change nothing: added to a parameter they are rounded away."""
    fixed = points[points["scheme"].isin(SCHEMES)]
    lost = fixed.loc[fixed["lost"].fillna("").str.contains("lost in rounding"), "step"]
    if len(lost):
        end = float(lost.max())
        axes.axvspan(left / 10, end, color="#F1F1F1", zorder=0, linewidth=0)
        if end < 6 * left:  # no room for words
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
        if not 1e3 * UNITS["float64"] < near["predicted"] < TOP:  # truncates nothing
            continue
        right = step not in TRUNCATED[:1]  # on that side no other line is near
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


def title(rows: pd.DataFrame) -> str:
    """Name the problem of a panel, and its size."""
    first = rows.iloc[0]
    sample = "" if first["components"] == first["n"] else f", {count(first['components'])} of them"
    return f"{first['problem']}, n = {count(first['n'])}{sample}"


def unit_line(axes: Any, unit: float, text: str | None = None) -> None:
    """Draw the unit round-off, and name it."""
    axes.axhline(unit, color=THEORY, linewidth=0.6, linestyle=(0, (4, 2)), zorder=1)
    axes.annotate(
        "unit round-off u" if text is None else text, (0.99, unit), ha="right", va="top",
        xycoords=("axes fraction", "data"), xytext=(0, -1.5), textcoords="offset points",
        fontsize=6, color=THEORY,
    )  # fmt: skip


def _far(axes: Any, points: pd.DataFrame) -> None:
    """Draw the far end of the complex step, behind a break of the axis."""
    _frame(axes, 1e-207, 1e-13)
    _curves(axes, points)
    axes.xaxis.set_major_locator(FixedLocator([1e-200, 1e-100]))
    axes.set_title("complex step", loc="left", fontsize=6.5)
    for x in (1.0, 1.075):  # the break, as two strokes across the axis
        axes.plot(
            [x - 0.04, x + 0.04], [-0.015, 0.015], transform=axes.transAxes, color="black",
            linewidth=0.6, clip_on=False,
        )  # fmt: skip


def _legend(figure: Figure, points: pd.DataFrame) -> None:
    handles = []
    for provider in dict.fromkeys(points["provider"]):
        style, label = style_of(provider), traits(provider).short
        handles.append(Line2D([], [], label=label, linewidth=0.9, markersize=3, **style.plot))
    black: Any = {"linestyle": "none", "color": "black"}
    handles += [
        Line2D([], [], marker="o", markerfacecolor="none", label="best step measured", **black),
        Line2D([], [], marker="^", label="best step in theory", **black),
        Line2D([], [], marker="D", markersize=3, label="default step", **black),
    ]
    handles.append(Line2D([], [], color=THEORY, linewidth=0.5, label="theory"))
    figure.legend(handles=handles, loc="outside lower center", ncols=5, handlelength=3)
