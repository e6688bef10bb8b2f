"""The part of the report about cost: its figures and tables."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from gradmethods.output.figures import SIZES
from gradmethods.output.items import Item, Writer
from gradmethods.report import frames, growth, memory, multiples, pairs, plots, tables
from gradmethods.report.captions import TABLES, figure_caption, panels_caption
from gradmethods.report.panel import plotted
from gradmethods.report.quantities import QUANTITIES, RATIO, TIME, Quantity
from gradmethods.timing.sweeps import NETWORKS, OTHERS, SWEEPS

BRIEFLY = {"batch": ("time", "ratio"), **dict.fromkeys(NETWORKS, tuple(QUANTITIES))}
"""Figures of a sweep in a brief report: drawing takes a second each. Problems that are not networks
have one together; there, and in that of batches, preparation and operations hold no news."""


def cost_items(
    writer: Writer, records: list[dict[str, Any]], costs: pd.DataFrame, slopes: pd.DataFrame
) -> list[Item]:
    """Write the figures and tables of a run of the benchmark."""
    counts, memories = growth.counts_frame(records), memory.memory_frame(records)
    swelling = memory.slopes_frame(memories)
    slopes = pd.concat([slopes, swelling], ignore_index=True)
    return [
        *_figures(writer, costs, slopes),
        *_panels(writer, costs),
        *_multiples(writer, counts),
        *memory.figures(writer, memories, swelling),
        *_tables(writer, records, costs, slopes, counts),
    ]


def _figures(writer: Writer, costs: pd.DataFrame, slopes: pd.DataFrame) -> list[Item]:
    items = []
    for name, quantity in QUANTITIES.items():
        for sweep in SWEEPS:
            points = plotted(costs, sweep, quantity)
            if not len(points) or not _wanted(name, sweep, brief=writer.brief):
                continue

            def draw(size: str, sweep: str = sweep, quantity: Quantity = quantity) -> Any:
                return plots.growth(costs, slopes, sweep, quantity, size)

            caption = figure_caption(name, sweep, costs)
            items.append(
                writer.figure(f"fig-{name}-{sweep}", caption, points, draw, sizes=tuple(SIZES))
            )
    return items


def _wanted(quantity: str, sweep: str, *, brief: bool) -> bool:
    if quantity == "operations" and SWEEPS[sweep].grows == "N":  # they are those of one example
        return False
    return not brief or quantity in BRIEFLY.get(sweep, ())


def _panels(writer: Writer, costs: pd.DataFrame) -> list[Item]:
    points = {name: plotted(costs, name, RATIO) for name in OTHERS}
    sweeps = [name for name in OTHERS if len(points[name])]
    if not sweeps:
        return []
    times = [plotted(costs, name, TIME) for name in sweeps]
    shown = [
        points[name].merge(time).assign(sweep=name)
        for name, time in zip(sweeps, times, strict=True)
    ]
    return [
        writer.figure(
            "fig-problems",
            panels_caption(sweeps, costs),
            pd.concat(shown, ignore_index=True),
            lambda _: plots.side_by_side(costs, sweeps),
        )
    ]


def _multiples(writer: Writer, counts: pd.DataFrame) -> list[Item]:
    items = []
    for growing in growth.DIRECTIONS:
        points = multiples.multiples(counts, growing)
        if len(points):
            items.append(
                writer.figure(
                    f"fig-multiple-{growing}",
                    multiples.caption(growing),
                    points,
                    partial(multiples.draw, points, growing),
                    sizes=tuple(SIZES),
                )
            )
    return items


def _tables(
    writer: Writer,
    records: list[dict[str, Any]],
    costs: pd.DataFrame,
    slopes: pd.DataFrame,
    counts: pd.DataFrame,
) -> list[Item]:
    beside = pairs.pairs_frame(records)
    noise, laws = frames.noise_frame(records), growth.laws_frame(counts)
    gaps = pd.concat([frames.gaps_frame(costs), growth.gaps_frame(records)], ignore_index=True)
    operations, memories = frames.operations_frame(costs), memory.memory_frame(records)
    made = {
        "slopes": (slopes, tables.slopes_table(slopes)),
        "costs": (costs, tables.costs_table(costs)),
        "operations": (operations, tables.operations_table(operations)),
        "memory": (memories, memory.memory_table(memories)),
        "laws": (laws, growth.laws_table(laws)),
        "gaps": (gaps, tables.gaps_table(gaps)),
        "noise": (noise, tables.noise_table(noise)),
        "pairs": (beside, pairs.pairs_table(beside)),
    }
    captions = {**TABLES, "laws": growth.LAWS, "memory": memory.TABLE, "pairs": pairs.TABLE}
    return [
        writer.table(f"tab-{name}", captions[name], data, shown, folded=name in ("costs", "memory"))
        for name, (data, shown) in made.items()
    ]
