"""Cost and error against the number of parameters: measurement in front, theory behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from gradmethods.report.figures import SIZES, new_figure
from gradmethods.report.format import STOPS, signed
from gradmethods.report.frames import RATIO_EXPONENTS, stops
from gradmethods.report.labels import Labels, Place
from gradmethods.report.style import RC, THEORY, look

CHEAP_GRADIENT = 5.0
"""Griewank (1989): reverse mode costs at most five times the function, whatever n is."""

UNIT_ROUNDOFF = float(np.finfo(np.float64).eps) / 2


@dataclass(frozen=True)
class Quantity:
    """What a figure shows on its vertical axis."""

    column: str
    label: str
    fitted: bool = False
    low: str | None = None
    high: str | None = None


TIME = Quantity(
    "gradient_s", "time per gradient (s)", fitted=True, low="gradient_low_s", high="gradient_high_s"
)
RATIO = Quantity(
    "ratio", "time per gradient ÷ time per loss", fitted=True, low="ratio_low", high="ratio_high"
)
PREPARATION = Quantity("preparation_s", "time to prepare, once (s)", fitted=True)
ERROR = Quantity("error", "error relative to the norm of the gradient")


def growth(
    costs: pd.DataFrame, slopes: pd.DataFrame, sweep: str, quantity: Quantity, size: str = "wide"
) -> Figure:
    """Plot a quantity of every provider against n, in one sweep.

    Parameters
    ----------
    costs, slopes : pandas.DataFrame
        As from `gradmethods.report.frames`.
    sweep : {"width", "depth"}
        Which networks.
    quantity : Quantity
        What to plot.
    size : {"wide", "column"}, default "wide"
        A page, with the legend beside, or a column, with the legend below.
    """
    figure = new_figure(*SIZES[size])
    with mpl.rc_context(RC):
        axes = figure.subplots()
        axes.set(xscale="log", yscale="log", xlabel="number of parameters n")
        axes.set_ylabel(quantity.label)
        points = plotted(costs, sweep, quantity)
        for provider, group in points.groupby("provider", sort=False):
            _draw(axes, str(provider), group, quantity, _fit(slopes, sweep, provider, quantity))
        lines = theory(points, quantity, axes.get_ylim())
        _frame(axes, lines, quantity)
        labels = Labels(axes)
        for _, group in points.groupby("provider", sort=False):
            labels.avoid(group["n"], group[quantity.column])
        for line in lines:
            axes.plot(line.x, line.y, color=THEORY, linewidth=0.6, linestyle=line.dash, zorder=1)
        _name_stops(axes, labels, points, quantity, stops(costs, sweep))
        for line in lines:
            labels.put(line.text, _along(line), THEORY)
            labels.avoid(line.x[::40], line.y[::40])
        if size == "wide":
            figure.legend(loc="outside right upper", handlelength=3, labelspacing=0.9)
        else:
            figure.legend(loc="outside lower center", handlelength=3)
    return figure


def plotted(costs: pd.DataFrame, sweep: str, quantity: Quantity) -> pd.DataFrame:
    """Return the points of a figure: the data to cite beside it."""
    names = [name for name in (quantity.column, quantity.low, quantity.high) if name]
    chosen = costs[(costs["sweep"] == sweep) & (costs["outcome"] == "measured")]
    points = chosen[["provider", "network", "n", *names]]
    # An error of exactly 0 has no place on a log axis; it is in the table.
    return points[points[quantity.column] > 0].reset_index(drop=True)


def _draw(
    axes: Any, provider: str, group: pd.DataFrame, quantity: Quantity, fit: pd.Series | None
) -> None:
    style = look(provider)
    label = style.label
    if fit is not None:
        middle, low, high = (signed(fit[end]) for end in ("exponent", "low", "high"))
        label += f"\n$n^{{{middle}}}$  [{low}, {high}]"
        label += f"  from n = {int(fit['from_n']):,}"
        label += "" if fit["settled"] else ", bending"
    x, y = group["n"].to_numpy(float), group[quantity.column].to_numpy(float)
    axes.plot(x, y, label=label, **style.plot)
    if quantity.low and quantity.high:
        ends = (group[name].to_numpy(float) for name in (quantity.low, quantity.high))
        axes.vlines(x, *ends, color=style.colour, linewidth=3, alpha=0.45)


@dataclass(frozen=True)
class Line:
    """A line of theory and its name."""

    x: Any
    y: Any
    text: str
    dash: Any = "-"


def theory(points: pd.DataFrame, quantity: Quantity, frame: tuple[float, float]) -> list[Line]:
    """Return what theory says of a quantity over the range of the points.

    Parameters
    ----------
    points : pandas.DataFrame
        From `plotted`.
    quantity : Quantity
        What is shown.
    frame : tuple of float
        Limits of the vertical axis that the points ask for.
    """
    if not len(points):
        return []
    n = np.geomspace(float(points["n"].min()), float(points["n"].max()), 400)
    present = set(points["provider"])
    if quantity is RATIO:
        lines = [Line(n, np.full_like(n, CHEAP_GRADIENT), "bound 5", (0, (4, 2)))]
        # Beyond the points there is room to see the lines go on, and to name them.
        n = np.geomspace(n[0], 1.6 * n[-1], 400)
        passes = {"numerical": (2 * n, "2n"), "numerical:forward": (n + 1, "n + 1")}
        drawn = [Line(n, *passes[name]) for name in passes if name in present]
        return lines + [_below(line, 8 * frame[1]) for line in drawn]
    if quantity is TIME:
        lines = []
        for provider, text in (("numerical", "∝ n²"), ("backprop", "∝ n")):
            own = points[points["provider"] == provider]
            if len(own) > 1:
                last, slope = own.iloc[-1], 1 + RATIO_EXPONENTS[provider]
                y = float(last[quantity.column]) * (n / float(last["n"])) ** slope
                lines.append(_below(Line(n[y > frame[0]], y[y > frame[0]], text), frame[1]))
        return lines
    if quantity is ERROR:
        return [Line(n, np.full_like(n, UNIT_ROUNDOFF), "unit round-off")]
    return []


def _below(line: Line, top: float) -> Line:
    return Line(line.x[line.y < top], line.y[line.y < top], line.text, line.dash)


def _frame(axes: Any, lines: list[Line], quantity: Quantity) -> None:
    """Make the frame hold the lines of theory, without letting them squeeze the points."""
    bottom, top = axes.get_ylim()
    if quantity is not TIME:
        for line in lines:
            bottom, top = min(bottom, line.y.min() / 3), max(top, 1.2 * line.y.max())
    axes.set_ylim(bottom, top)
    if lines:
        axes.set_xlim(right=max(axes.get_xlim()[1], 1.6 * max(line.x[-1] for line in lines)))


def _along(line: Line) -> list[Place]:
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


def _name_stops(
    axes: Any,
    labels: Labels,
    points: pd.DataFrame,
    quantity: Quantity,
    ends: dict[str, tuple[int | None, str, str]],
) -> None:
    """Mark where providers end though the sweep goes on, and say why."""
    stopped = {str(name): group.iloc[-1] for name, group in points.groupby("provider", sort=False)}
    for provider in (name for name in stopped if name in ends):
        x, y = float(stopped[provider]["n"]), float(stopped[provider][quantity.column])
        style, kind = look(provider), ends[provider][1]
        axes.plot(
            [x], [y], marker="o", markersize=8, markerfacecolor="none", linestyle="none",
            markeredgecolor=style.colour, markeredgewidth=0.8,
        )  # fmt: skip
        around = [
            Place(x, y, 7, 4, "left", "bottom"), Place(x, y, 7, -4, "left", "top"),
            Place(x, y, 0, 8, "center", "bottom"), Place(x, y, 0, -8, "center", "top"),
            Place(x, y, -7, 4, "right", "bottom"), Place(x, y, 0, 18, "center", "bottom"),
        ]  # fmt: skip
        labels.put(STOPS.get(kind, kind), around, style.colour)


def _fit(
    slopes: pd.DataFrame, sweep: str, provider: object, quantity: Quantity
) -> pd.Series | None:
    if not quantity.fitted:
        return None
    chosen = slopes[
        (slopes["sweep"] == sweep)
        & (slopes["provider"] == provider)
        & (slopes["quantity"] == quantity.column)
        & slopes["exponent"].notna()
    ]
    return chosen.iloc[0] if len(chosen) else None
