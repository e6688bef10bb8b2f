"""Axes of one figure of cost: points, intervals, stops, and theory behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from gradmethods.output.labels import Labels
from gradmethods.output.style import RC, THEORY
from gradmethods.providers.registry import style_of
from gradmethods.report.cost_frames import stops
from gradmethods.report.quantities import Line, Quantity, along
from gradmethods.timing.sweeps import SWEEPS, Sweep

STOPPED: dict[str, Any] = {
    "marker": "o", "markersize": 8, "markerfacecolor": "none", "markeredgewidth": 0.8,
    "linestyle": "none",
}  # fmt: skip
"""A circle around the last point of a method, where its sweep goes on."""

TOUCHING = 2.0
"""Points. A name nearer to points or to other lines is not written: the caption has it."""

ROOM = 0.08
"""Part of the height of a figure that is left free below a line of theory."""


def plotted(costs: pd.DataFrame, sweep: str, quantity: Quantity) -> pd.DataFrame:
    """Return the points of a figure: the data to cite beside it."""
    names = [name for name in (quantity.column, quantity.low, quantity.high) if name]
    chosen = costs[(costs["sweep"] == sweep) & (costs["outcome"] == "measured")]
    points = chosen[
        ["provider", "network", "n", "size", *names, *(["contended"] if quantity.timed else [])]
    ]
    # An error of exactly 0 has no place on a log axis; it is in the table.
    return points[points[quantity.column] > 0].reset_index(drop=True)


@dataclass
class Panel:
    """One quantity of one sweep on axes of its own.

    Draw every method, then `frame` the axes, and `close` them once their limits are final.

    Attributes
    ----------
    axes : matplotlib.axes.Axes
        Empty.
    costs : pandas.DataFrame
        As from `gradmethods.report.cost_frames`.
    name : str
        Of the sweep.
    quantity : Quantity
        What is shown.
    """

    axes: Any
    costs: pd.DataFrame
    name: str
    quantity: Quantity
    lines: list[Line] = field(default_factory=list, init=False)
    marked: int = field(default=0, init=False)
    stopped: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.axes.set(xscale="log", yscale="log")
        self.points = plotted(self.costs, self.name, self.quantity)

    @property
    def sweep(self) -> Sweep:
        """The description of the sweep."""
        return SWEEPS[self.name]

    @property
    def methods(self) -> list[tuple[str, pd.DataFrame]]:
        """The points by provider."""
        return [(str(name), own) for name, own in self.points.groupby("provider", sort=False)]

    def draw(self, provider: str, label: str, group: pd.DataFrame) -> None:
        """Draw the points of a provider, and name it in the legend."""
        axes, style, quantity = self.axes, style_of(provider), self.quantity
        x, y = group["size"].to_numpy(float), group[quantity.column].to_numpy(float)
        self._mark(provider, *axes.plot(x, y, label=label, **style.plot))
        if quantity.timed:
            busy = group["contended"].to_numpy(bool)
            hollow = axes.plot(
                x[busy], y[busy], color=style.colour, marker=style.marker, linestyle="none",
                markerfacecolor="white", zorder=3,
            )  # fmt: skip
            self._mark(provider, *hollow)
        if quantity.low and quantity.high:
            ends = (group[name].to_numpy(float) for name in (quantity.low, quantity.high))
            bars = axes.vlines(x, *ends, color=style.colour, linewidth=3, alpha=0.45)
            self._mark(provider, bars)

    def _mark(self, provider: str, *artists: Any) -> None:
        """Name artists after their method, so that a page can show and hide it."""
        for artist in artists:
            self.marked += 1
            artist.set_gid(f"method-{self.name}-{self.quantity.column}-{self.marked}:{provider}")

    def frame(self) -> None:
        """Make the frame hold the lines of theory, without letting them squeeze the points."""
        if len(self.points):
            found = self.quantity.theory(self.points, self.sweep, self.axes.get_ylim())
            self.lines = [line for line in found if len(line.x)]
        left, right = _apart(self.points["size"])
        bottom, top = self.axes.get_ylim()
        if bottom > 0.6 * top:  # There is a single value.
            bottom, top = bottom / 2, 2 * top
        if self.quantity.widens:
            below = max(3.0, (top / bottom) ** ROOM)  # where the name of a line may stand
            for line in self.lines:
                bottom, top = min(bottom, line.y.min() / below), max(top, 1.2 * line.y.max())
        self.axes.set_ylim(bottom, top)
        self.axes.set_xlim(left, max([right, *(1.6 * line.x[-1] for line in self.lines)]))

    def close(self) -> None:
        """Put theory behind the points, and its names where there is room."""
        axes, quantity = self.axes, self.quantity
        ticks(axes.xaxis)
        ticks(axes.yaxis)
        labels = Labels(axes)
        for _, group in self.methods:
            labels.avoid(group["size"], group[quantity.column], RC["lines.markersize"])
        for line in self.lines:
            axes.plot(line.x, line.y, color=THEORY, linewidth=0.6, linestyle=line.dash, zorder=1)
        self._mark_stops()
        for line in self.lines:
            others = [(x.x[::40], x.y[::40]) for x in self.lines if not _together(x, line)]
            labels.put(line.text, along(line), THEORY, least=TOUCHING, others=others)
            labels.avoid(line.x[::40], line.y[::40])

    def _mark_stops(self) -> None:
        """Mark where providers end though the sweep goes on; the caption says why."""
        ends = stops(self.costs, self.name)
        for provider, group in self.methods:
            if provider in ends:
                last = group.iloc[-1]
                circle = self.axes.plot(
                    [float(last["size"])], [float(last[self.quantity.column])],
                    **STOPPED | {"markeredgecolor": style_of(provider).colour},
                )  # fmt: skip
                self._mark(provider, *circle)
                self.stopped = True


def _together(line: Line, other: Line) -> bool:
    """Say whether two lines, such as n and n + 1, end in one place."""
    return bool(0.9 < line.y[-1] / other.y[-1] < 1.1 and 0.9 < line.x[-1] / other.x[-1] < 1.1)


def _apart(sizes: pd.Series) -> tuple[float, float]:
    """Return limits that leave a margin around the sizes, even if there is but one."""
    low, high = float(sizes.min()), float(sizes.max())
    margin = max(high / low, 10.0) ** 0.06 if low < high else 3.0
    return low / margin, high * margin


def ticks(axis: Any) -> None:
    """Name the decades of a log axis; of fewer than two also 2 and 5 in each, as plain numbers."""
    low, high = axis.get_view_interval()
    if high / low >= 100:
        axis.set_minor_formatter(NullFormatter())
        return
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    if low >= 1e-3:
        axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,g}"))
    axis.set_minor_formatter(NullFormatter())
