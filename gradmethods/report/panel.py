"""Axes of one figure of cost: points, intervals, stops, and theory behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from gradmethods.output.format import STOPS
from gradmethods.output.labels import Labels, Place
from gradmethods.output.style import THEORY
from gradmethods.providers.registry import style_of
from gradmethods.report.cost_frames import stops
from gradmethods.report.quantities import Line, Quantity, along
from gradmethods.timing.sweeps import SWEEPS, Sweep


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
            for line in self.lines:
                bottom, top = min(bottom, line.y.min() / 3), max(top, 1.2 * line.y.max())
        self.axes.set_ylim(bottom, top)
        self.axes.set_xlim(left, max([right, *(1.6 * line.x[-1] for line in self.lines)]))

    def close(self, *, words: bool) -> None:
        """Put theory behind the points, and names where there is room.

        Parameters
        ----------
        words : bool
            Whether to write beside a circle why a method stopped there.
        """
        axes, quantity = self.axes, self.quantity
        _ticks(axes.xaxis, *axes.get_xlim())
        _ticks(axes.yaxis, *axes.get_ylim())
        labels = Labels(axes)
        for _, group in self.methods:
            labels.avoid(group["size"], group[quantity.column])
        for line in self.lines:
            axes.plot(line.x, line.y, color=THEORY, linewidth=0.6, linestyle=line.dash, zorder=1)
        self._mark_stops(labels if words else None)
        for line in self.lines:
            labels.put(line.text, along(line), THEORY)
            labels.avoid(line.x[::40], line.y[::40])

    def _mark_stops(self, labels: Labels | None) -> None:
        """Mark where providers end though the sweep goes on; say why where there is room."""
        ends = stops(self.costs, self.name)
        for provider, group in self.methods:
            if provider not in ends:
                continue
            last, style, kind = group.iloc[-1], style_of(provider), ends[provider][1]
            x, y = float(last["size"]), float(last[self.quantity.column])
            circle = self.axes.plot(
                [x], [y], marker="o", markersize=8, markerfacecolor="none", linestyle="none",
                markeredgecolor=style.colour, markeredgewidth=0.8,
            )  # fmt: skip
            self._mark(provider, *circle)
            around = [
                Place(x, y, 7, 4, "left", "bottom"), Place(x, y, 7, -4, "left", "top"),
                Place(x, y, 0, 8, "center", "bottom"), Place(x, y, 0, -8, "center", "top"),
                Place(x, y, -7, 4, "right", "bottom"), Place(x, y, 0, 18, "center", "bottom"),
            ]  # fmt: skip
            if labels is not None:
                words = labels.put(STOPS.get(kind, kind), around, style.colour, least=1.5)
                self._mark(provider, *([] if words is None else [words]))


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
    if low >= 1e-3:
        axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,g}"))
    axis.set_minor_formatter(NullFormatter())
