"""Figures of cost against what grows, one for each sweep: measurement in front, theory behind."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.figures import SIZES, new_figure
from gradmethods.output.format import signed
from gradmethods.output.items import Drawing
from gradmethods.output.style import RC, THEORY
from gradmethods.providers.registry import style_of
from gradmethods.report.cost_frames import stops
from gradmethods.report.panel import STOPPED, Panel, plotted
from gradmethods.report.quantities import Quantity
from gradmethods.report.recorded import Recorded
from gradmethods.timing.sweeps import NETWORKS, SWEEPS, Sweep

BARS = "Bars: intervals."
HOLLOW = "Hollow points: other processes had the processor nearly all the time."
CIRCLES = "A circle marks where a method stopped although the sweep goes on."
CIRCLE = "stopped: see the caption"
"""What a legend says of a circle."""


def drawings(
    run: Recorded,
    name: str,
    quantity: Quantity,
    caption: Callable[[str, pd.DataFrame], Caption],
    sweeps: Sequence[str] = NETWORKS,
) -> Iterator[Drawing]:
    """Yield the figure of a quantity for each sweep that has points.

    Parameters
    ----------
    run : Recorded
        What was measured.
    name : str
        Stands in the identifiers, before the name of the sweep.
    quantity : Quantity
        What is shown.
    caption : callable
        Takes the name of a sweep and the frame of costs.
    sweeps : sequence of str
        Those that are drawn. Problems that are not networks have one figure together.
    """
    for sweep in sweeps:
        points = plotted(run.costs, sweep, quantity)
        if len(points):
            draw = partial(growth, run.costs, run.slopes, sweep, quantity)
            identifier = f"fig-{name}-{sweep}"
            shown = caption(sweep, _of_figure(run.costs, sweep, points))
            values = point_words(points, sweep, quantity)
            alt = alternative(shown.title, values)
            yield Drawing(identifier, shown, points, draw, tuple(SIZES), alt=alt, values=values)


def point_words(points: pd.DataFrame, sweep: str, quantity: Quantity) -> dict[str, list[str]]:
    """Write each point of a figure in words, by method."""
    letter = SWEEPS[sweep].grows
    write = fmt.time_interval if quantity.column.endswith("_s") else fmt.interval
    words: dict[str, list[str]] = {}
    for row in points.to_dict("records"):
        value = row[quantity.column]
        if quantity.low and quantity.high:
            said = write(value, row[quantity.low], row[quantity.high])
        elif quantity.column.endswith("_bytes"):
            said = fmt.memory(value)
        else:
            said = write(value, math.nan, math.nan)
        name = style_of(row["provider"]).label
        line = f"{name}, {letter} = {int(row['size']):,}: {said}"
        words.setdefault(row["provider"], []).append(line)
    return words


def alternative(title: str, values: Mapping[str, Sequence[str]]) -> str:
    """Say what a figure of growth shows: each method's first and last point."""
    ends = [" to ".join(dict.fromkeys((own[0], own[-1]))) for own in values.values()]
    return f"{title}, on logarithmic axes. {'; '.join(ends)}."


def growth(
    costs: pd.DataFrame, slopes: pd.DataFrame, sweep: str, quantity: Quantity, size: str = "wide"
) -> Figure:
    """Plot a quantity of every provider against what grows in one sweep.

    Parameters
    ----------
    costs, slopes : pandas.DataFrame
        As from `gradmethods.report.cost_frames`.
    sweep : str
        A name in `gradmethods.timing.sweeps.SWEEPS`.
    quantity : Quantity
        What to plot.
    size : {"wide", "column"}, default "wide"
        A page, with the legend beside, or a column, with the legend below.
    """
    figure = new_figure(*SIZES[size])
    with mpl.rc_context(RC):
        axes = figure.subplots()
        axes.set(xlabel=SWEEPS[sweep].axis, ylabel=quantity.label)
        panel = Panel(axes, costs, sweep, quantity)
        for provider, group in panel.methods:
            label = _named(provider, panel.sweep, _fit(slopes, sweep, provider, quantity), size)
            panel.draw(provider, label, group)
        panel.frame()
        panel.close()
        name_circles(axes, panels=[panel])
        if size == "wide":
            figure.legend(loc="outside right upper", handlelength=3, labelspacing=0.9)
        else:
            figure.legend(loc="outside lower center", handlelength=3)
    return figure


def name_circles(axes: Any, panels: Sequence[Panel]) -> None:
    """Give the legend a name for the circles, if there are any."""
    if any(panel.stopped for panel in panels):
        axes.plot([], [], label=CIRCLE, **STOPPED, markeredgecolor=THEORY)


def _of_figure(costs: pd.DataFrame, sweep: str, points: pd.DataFrame) -> pd.DataFrame:
    """Leave out the methods that were measured, but of which a figure's quantity is not known."""
    known = costs[(costs["sweep"] == sweep) & (costs["outcome"] == "measured")]["provider"]
    return costs[~costs["provider"].isin(set(known) - set(points["provider"]))]


def _named(provider: str, sweep: Sweep, fit: pd.Series | None, size: str) -> str:
    """Name a method in the legend, with its exponent; a column has a single line for that."""
    label = style_of(provider).label
    if fit is None:
        return label
    middle, low, high = (signed(fit[end]) for end in ("exponent", "low", "high"))
    law = f"${sweep.grows}^{{{middle}}}$ [{low}, {high}]"
    bent = "" if fit["settled"] else ", bending"
    if size == "column":
        return f"{label}  {law}{bent}"
    return f"{label}\n{law}  from {sweep.grows} = {int(fit['start']):,}{bent}"


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


def axis_of(sweep: str, costs: pd.DataFrame) -> str:
    """Name what grows, and the problems in which it does."""
    return f"the {SWEEPS[sweep].axis} of {family_measured(sweep, costs)}"


def family_measured(sweep: str, costs: pd.DataFrame) -> str:
    """Say which problems a run had in a sweep."""
    known = costs.loc[costs["sweep"] == sweep, "scale"].dropna()
    scales = [f"{scale:,}" for scale in sorted(set(known))]
    shown = scales if len(scales) < 5 else [*scales[:3], "…", scales[-1]]
    return SWEEPS[sweep].family.format(", ".join(shown))


def hollow_points(costs: pd.DataFrame, sweeps: Sequence[str]) -> str:
    """Explain hollow points, if there are any."""
    return f" {HOLLOW}" if costs.loc[costs["sweep"].isin(sweeps), "contended"].any() else ""


def endings(costs: pd.DataFrame, sweep: str) -> str:
    """Say where the methods of a sweep stop; the table of gaps says why in full."""
    words = stopped_methods(costs, sweep)
    return f"{CIRCLES} Stopped {words}." if words else ""


def stopped_methods(costs: pd.DataFrame, sweep: str) -> str:
    """List the methods that stop in a sweep although it goes on, by where and why."""
    groups: dict[str, list[str]] = {}
    for provider, (largest, kind, _) in stops(costs, sweep).items():
        after = f"after {SWEEPS[sweep].grows} = {largest:,}" if largest else "before a first point"
        where = f"{after} ({fmt.STOPS.get(kind, kind)})"
        groups.setdefault(where, []).append(style_of(provider).label)
    return ". Stopped ".join(f"{where}: {'; '.join(names)}" for where, names in groups.items())
