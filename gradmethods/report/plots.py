"""Cost and error against the number of parameters: measurement in front, theory behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from gradmethods.report.figures import SIZES, new_figure
from gradmethods.report.format import STOPS, signed
from gradmethods.report.frames import RATIO_EXPONENTS, stops
from gradmethods.report.labels import Labels, Place
from gradmethods.report.style import RC, THEORY, Look, look

CHEAP_GRADIENT = 5.0
"""Griewank (1989): reverse mode costs at most five times the function, whatever n is."""

UNIT_ROUNDOFF = float(np.finfo(np.float64).eps) / 2


@dataclass(frozen=True)
class Quantity:
    """What a figure shows on its vertical axis."""

    column: str
    label: str
    fitted: bool = False
    timed: bool = False
    low: str | None = None
    high: str | None = None


TIME = Quantity(
    "gradient_s", "time per gradient (s)", fitted=True, timed=True,
    low="gradient_low_s", high="gradient_high_s",
)  # fmt: skip
RATIO = Quantity(
    "ratio", "time per gradient ÷ time per loss", fitted=True, timed=True,
    low="ratio_low", high="ratio_high",
)  # fmt: skip
PREPARATION = Quantity("preparation_s", "time to prepare, once (s)", fitted=True)
OPERATIONS = Quantity("operations", "scalar operations per example", fitted=True)
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
            style = look(str(provider))
            label = _named(style.label, _fit(slopes, sweep, provider, quantity), size)
            _draw(axes, style, label, group, quantity)
        lines = [line for line in theory(points, quantity, axes.get_ylim()) if len(line.x)]
        _frame(axes, points, lines, quantity)
        _ticks(axes.xaxis, *axes.get_xlim())
        _ticks(axes.yaxis, *axes.get_ylim())
        labels = Labels(axes)
        for _, group in points.groupby("provider", sort=False):
            labels.avoid(group["n"], group[quantity.column])
        for line in lines:
            axes.plot(line.x, line.y, color=THEORY, linewidth=0.6, linestyle=line.dash, zorder=1)
        # In a column there is no room for words: the circle stays, the caption says the rest.
        words = labels if quantity.timed and size == "wide" else None
        _mark_stops(axes, words, points, quantity, stops(costs, sweep))
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
    points = chosen[
        ["provider", "network", "n", *names, *(["contended"] if quantity.timed else [])]
    ]
    # An error of exactly 0 has no place on a log axis; it is in the table.
    return points[points[quantity.column] > 0].reset_index(drop=True)


def _named(label: str, fit: pd.Series | None, size: str) -> str:
    """Name a method in the legend, with its exponent; a column has a single line for that."""
    if fit is None:
        return label
    middle, low, high = (signed(fit[end]) for end in ("exponent", "low", "high"))
    law = f"$n^{{{middle}}}$ [{low}, {high}]"
    bent = "" if fit["settled"] else ", bending"
    if size == "column":
        return f"{label}  {law}{bent}"
    return f"{label}\n{law}  from n = {int(fit['from_n']):,}{bent}"


def _draw(axes: Any, style: Look, label: str, group: pd.DataFrame, quantity: Quantity) -> None:
    x, y = group["n"].to_numpy(float), group[quantity.column].to_numpy(float)
    axes.plot(x, y, label=label, **style.plot)
    if quantity.timed:
        busy = group["contended"].to_numpy(bool)
        axes.plot(
            x[busy], y[busy], color=style.colour, marker=style.marker, linestyle="none",
            markerfacecolor="white", zorder=3,
        )  # fmt: skip
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
    if n[0] == n[-1]:  # of a single size a line needs some length
        n = np.geomspace(n[0] / 2, 2 * n[0], 400)
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
    if quantity.column == "gradient_bytes":
        return [Line(n, 8 * n, "the parameters, 8n")]
    return []


def _below(line: Line, top: float) -> Line:
    return Line(line.x[line.y < top], line.y[line.y < top], line.text, line.dash)


def _frame(axes: Any, points: pd.DataFrame, lines: list[Line], quantity: Quantity) -> None:
    """Make the frame hold the lines of theory, without letting them squeeze the points."""
    left, right = _apart(points["n"])
    bottom, top = axes.get_ylim()
    if bottom > 0.6 * top:  # a single value
        bottom, top = bottom / 2, 2 * top
    if quantity is not TIME:
        for line in lines:
            bottom, top = min(bottom, line.y.min() / 3), max(top, 1.2 * line.y.max())
    axes.set_ylim(bottom, top)
    axes.set_xlim(left, max([right, *(1.6 * line.x[-1] for line in lines)]))


def _apart(sizes: pd.Series) -> tuple[float, float]:
    """Return limits that leave a margin around the sizes, even if there is but one."""
    low, high = float(sizes.min()), float(sizes.max())
    margin = max(high / low, 10.0) ** 0.06 if low < high else 3.0
    return low / margin, high * margin


def _ticks(axis: Any, low: float, high: float) -> None:
    """Name decades; of fewer than two also 2 and 5 in each, as plain numbers."""
    if high / low >= 100:
        axis.set_minor_formatter(NullFormatter())
        return
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    if low >= 1:
        axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,g}"))
    axis.set_minor_formatter(NullFormatter())


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


def _mark_stops(
    axes: Any,
    labels: Labels | None,
    points: pd.DataFrame,
    quantity: Quantity,
    ends: dict[str, tuple[int | None, str, str]],
) -> None:
    """Mark where providers end though the sweep goes on; say why where there is room."""
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
        if labels is not None:
            labels.put(STOPS.get(kind, kind), around, style.colour, least=1.5)


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
