"""The part of the report about cost: its figures and tables."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gradmethods.report import frames, plots, tables
from gradmethods.report.captions import TABLES, figure_caption
from gradmethods.report.figures import SIZES
from gradmethods.report.items import Item, Writer

FIGURES = {
    "time": plots.TIME,
    "ratio": plots.RATIO,
    "error": plots.ERROR,
    "preparation": plots.PREPARATION,
    "operations": plots.OPERATIONS,
}


def cost_items(
    writer: Writer, records: list[dict[str, Any]], costs: pd.DataFrame, slopes: pd.DataFrame
) -> list[Item]:
    """Write the figures and tables of a run of the benchmark."""
    return [*_figures(writer, costs, slopes), *_tables(writer, records, costs, slopes)]


def _figures(writer: Writer, costs: pd.DataFrame, slopes: pd.DataFrame) -> list[Item]:
    items = []
    for name, quantity in FIGURES.items():
        for sweep in frames.SWEEPS:
            points = plots.plotted(costs, sweep, quantity)
            if not len(points):
                continue

            def draw(size: str, sweep: str = sweep, quantity: plots.Quantity = quantity) -> Any:
                return plots.growth(costs, slopes, sweep, quantity, size)

            caption = figure_caption(name, sweep, costs)
            items.append(
                writer.figure(f"fig-{name}-{sweep}", caption, points, draw, sizes=tuple(SIZES))
            )
    return items


def _tables(
    writer: Writer, records: list[dict[str, Any]], costs: pd.DataFrame, slopes: pd.DataFrame
) -> list[Item]:
    gaps, noise = frames.gaps_frame(costs), frames.noise_frame(records)
    operations = frames.operations_frame(costs)
    made = {
        "slopes": (slopes, tables.slopes_table(slopes)),
        "costs": (costs, tables.costs_table(costs)),
        "operations": (operations, tables.operations_table(operations)),
        "gaps": (gaps, tables.gaps_table(gaps)),
        "noise": (noise, tables.noise_table(noise)),
    }
    return [
        writer.table(f"tab-{name}", TABLES[name], data, shown, folded=name == "costs")
        for name, (data, shown) in made.items()
    ]
