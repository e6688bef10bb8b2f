"""Cost of functions, and of problems of the catalogue, side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from gradmethods.output.caption import Caption
from gradmethods.output.figures import SIZES, new_figure
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Drawing
from gradmethods.output.style import RC
from gradmethods.providers.registry import style_of
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.exhibits.fig_growth import BOUND, OPERATIONS, RATIO, TIME
from gradmethods.report.growth_figure import (
    BARS,
    CIRCLES,
    family_measured,
    hollow_points,
    name_circles,
    stopped_methods,
)
from gradmethods.report.panel import Panel, plotted
from gradmethods.report.quantities import Quantity
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import INTERVALS, ROUNDS, SETTING
from gradmethods.timing.sweeps import CATALOGUE, OTHERS, SWEEPS

_PANEL = (1.55, 2.15)
"""Inches of the height of a row of panels, and of the legend with titles and labels."""


_FUNCTIONS = tuple(name for name in OTHERS if name not in CATALOGUE)

_COUNTS = (
    " At the bottom: operations of the loss and its gradient in compiled methods; the others call "
    "the loss, as often as the table of costs says. Formulas that are written out whole hold up to "
    "10⁹ operations at the smallest sizes, and take no part."
)


def caption(sweeps: Sequence[str], costs: pd.DataFrame, *, counts: bool = False) -> Caption:
    """Describe the figure of several sweeps side by side; `counts` says that it has operations."""
    families = "; ".join(family_measured(sweep, costs) for sweep in sweeps)
    stopped = ". ".join(
        f"Stopped in {SWEEPS[sweep].title} {words}"
        for sweep in sweeps
        if (words := stopped_methods(costs, sweep))
    )
    letters = dict.fromkeys(SWEEPS[sweep].axis for sweep in sweeps)
    return Caption(
        "Cost of three problems of the catalogue"
        if counts
        else "Gradient time of problems that are not networks",
        "Above: time of one gradient ÷ time of the loss in plain NumPy. Below: time of one "
        f"gradient.{_COUNTS if counts else ''} Against the {' or the '.join(letters)}: {families}. "
        f"{BARS} {BOUND} Below, growth in theory, through the largest point of a method."
        f"{hollow_points(costs, sweeps)}{f' {CIRCLES} {stopped}.' if stopped else ''}",
        (SETTING, ROUNDS, INTERVALS),
    )


def side_by_side(
    costs: pd.DataFrame, sweeps: Sequence[str], quantities: Sequence[Quantity] = (RATIO, TIME)
) -> Figure:
    """Plot quantities in rows and sweeps in columns, on shared axes.

    Parameters
    ----------
    costs : pandas.DataFrame
        As from `gradmethods.report.cost_frames`.
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
        every: list[Panel] = []
        for row, quantity in zip(grid, quantities, strict=True):
            panels = [Panel(a, costs, s, quantity) for a, s in zip(row, sweeps, strict=True)]
            for panel in panels:
                for provider, group in panel.methods:
                    panel.draw(provider, style_of(provider).label, group)
            for panel in panels:  # Each panel widens the axis that all share.
                panel.frame()
            for panel in panels:
                panel.close()
            every += panels
            row[0].set_ylabel(re.sub(" (?=÷|per example)", "\n", quantity.label))
        for axes, sweep in zip(grid[0], sweeps, strict=True):
            axes.set_title(SWEEPS[sweep].title)
        for axes, sweep in zip(grid[-1], sweeps, strict=True):
            axes.set_xlabel(SWEEPS[sweep].axis if len(sweeps) < 4 else SWEEPS[sweep].grows)
        name_circles(grid[0][0], every)
        handles = {
            label: handle
            for axes in grid.flat
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        figure.legend(
            handles.values(), handles, loc="outside lower center", ncols=3, handlelength=3
        )
    return figure


def make(run: Recorded) -> Iterator[Drawing]:
    """Yield the figures, as far as any of their problems was measured."""
    yield from _figure(run, "fig-problems", _FUNCTIONS, (RATIO, TIME))
    yield from _figure(run, "fig-catalogue", CATALOGUE, (RATIO, TIME, OPERATIONS))


def _figure(
    run: Recorded, identifier: str, names: Sequence[str], quantities: Sequence[Quantity]
) -> Iterator[Drawing]:
    points = {name: plotted(run.costs, name, quantities[0]) for name in names}
    sweeps = [name for name in names if len(points[name])]
    if sweeps:
        for name in sweeps:
            for quantity in quantities[1:]:
                points[name] = points[name].merge(plotted(run.costs, name, quantity), how="left")
        yield Drawing(
            identifier,
            caption(sweeps, run.costs, counts=OPERATIONS in quantities),
            pd.concat([points[name].assign(sweep=name) for name in sweeps], ignore_index=True),
            lambda _: side_by_side(run.costs, sweeps, quantities),
        )


EXHIBIT = Exhibit("figures", 60, RECORDS, make)
