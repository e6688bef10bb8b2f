"""Axes of error against step: limits, curves with theory behind them, marks, and the legend."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from gradmethods.output.format import count
from gradmethods.output.style import THEORY
from gradmethods.providers.registry import style_of, traits
from gradmethods.providers.schemes import subtracts

TOP = 30.0
"""Where errors leave the figure: beyond 1 nothing of a gradient is right."""
FLOOR = 2e-17
"""Where an error of exactly 0 is drawn."""
ERROR = "error relative to the norm of the gradient"
STEP = "step h (absolute)"
WIDEST = 0.3

UNITS = {"float64": float(np.finfo(np.float64).eps) / 2, "float32": 2.0**-24}


def set_frame(axes: Any, left: float, right: float = WIDEST) -> None:
    """Set the limits, before anything is drawn: a single point has none of its own."""
    axes.set(xscale="log", yscale="log", xlim=(left, right), ylim=(FLOOR / 2, TOP))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())


def draw_curves(axes: Any, points: pd.DataFrame, *, markers: bool = True) -> None:
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


def draw_marks(axes: Any, steps: pd.DataFrame, size: float = 6.0) -> None:
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


def add_legend(figure: Figure, points: pd.DataFrame) -> None:
    """Name the schemes, the marks and the lines of theory."""
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
