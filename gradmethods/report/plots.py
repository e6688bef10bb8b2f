"""Cost and error against what grows: measurement in front, theory behind."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from gradmethods.output.figures import SIZES, new_figure
from gradmethods.output.format import signed
from gradmethods.output.style import RC
from gradmethods.providers.registry import style_of
from gradmethods.report.panel import Panel
from gradmethods.report.quantities import RATIO, TIME, Quantity
from gradmethods.timing.sweeps import SWEEPS, Sweep

_PANEL = (1.55, 2.15)
"""Inches of the height of a row of panels, and of the legend with titles and labels."""


def growth(
    costs: pd.DataFrame, slopes: pd.DataFrame, sweep: str, quantity: Quantity, size: str = "wide"
) -> Figure:
    """Plot a quantity of every provider against what grows in one sweep.

    Parameters
    ----------
    costs, slopes : pandas.DataFrame
        As from `gradmethods.report.frames`.
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
        # In a column there is no room for words: the circle stays, the caption says the rest.
        panel.close(words=quantity.timed and size == "wide")
        if size == "wide":
            figure.legend(loc="outside right upper", handlelength=3, labelspacing=0.9)
        else:
            figure.legend(loc="outside lower center", handlelength=3)
    return figure


def side_by_side(
    costs: pd.DataFrame, sweeps: Sequence[str], quantities: Sequence[Quantity] = (RATIO, TIME)
) -> Figure:
    """Plot quantities in rows and sweeps in columns, on shared axes.

    Parameters
    ----------
    costs : pandas.DataFrame
        As from `gradmethods.report.frames`.
    sweeps : sequence of str
        Names in `gradmethods.timing.sweeps.SWEEPS`, a column each.
    quantities : sequence of Quantity
        A row each.
    """
    figure = new_figure(SIZES["wide"][0], _PANEL[0] * len(quantities) + _PANEL[1] / 2)
    with mpl.rc_context(RC):
        grid = figure.subplots(
            len(quantities), len(sweeps), sharex="col", sharey="row", squeeze=False
        )
        for row, quantity in zip(grid, quantities, strict=True):
            panels = [Panel(a, costs, s, quantity) for a, s in zip(row, sweeps, strict=True)]
            for panel in panels:
                for provider, group in panel.methods:
                    panel.draw(provider, style_of(provider).label, group)
            for panel in panels:  # sharing an axis, each makes it wider
                panel.frame()
            for panel in panels:
                panel.close(words=False)
            row[0].set_ylabel(quantity.label.replace(" ÷ ", "\n÷ "))
        for axes, sweep in zip(grid[0], sweeps, strict=True):
            axes.set_title(SWEEPS[sweep].title)
        for axes, sweep in zip(grid[-1], sweeps, strict=True):
            axes.set_xlabel(SWEEPS[sweep].axis if len(sweeps) < 4 else SWEEPS[sweep].grows)
        handles = {
            label: handle
            for axes in grid.flat
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        figure.legend(
            handles.values(), handles, loc="outside lower center", ncols=3, handlelength=3
        )
    return figure


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
