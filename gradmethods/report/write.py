"""A run's folder: every figure, table, caption and the HTML page, from the records in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from gradmethods.report import frames, growth, multiples, plots, tables
from gradmethods.report.banners import banners
from gradmethods.report.captions import METHOD, TABLES, Caption, figure_caption, provenance_line
from gradmethods.report.cite import bibliography, run_name
from gradmethods.report.figures import FORMATS, SIZES, save
from gradmethods.report.files import (
    ACCURACY,
    PROVENANCE,
    RECORDS,
    read_json,
    read_records,
    write_json,
    write_text,
)
from gradmethods.report.page import page
from gradmethods.report.typeset import write_table

FIGURES = {
    "time": plots.TIME,
    "ratio": plots.RATIO,
    "error": plots.ERROR,
    "preparation": plots.PREPARATION,
    "operations": plots.OPERATIONS,
}


@dataclass
class Item:
    """One figure or table of the report.

    Attributes
    ----------
    id : str
        Names it in texts and in file names.
    kind : str
        ``figure`` or ``table``.
    caption : Caption
        What it shows and how it was obtained.
    data : str
        The CSV behind it, relative to the run's folder.
    files : list of str
        Everything written for it, relative to the run's folder.
    """

    id: str
    kind: str
    caption: Caption
    data: str
    files: list[str] = field(default_factory=list)
    shown: pd.DataFrame | None = None


def write(out: Path) -> list[Path]:
    """Write everything that follows from the records in `out`."""
    records = read_records(out / RECORDS)
    origin = read_json(out / PROVENANCE)
    source = provenance_line(origin)
    run = run_name((out / RECORDS).read_bytes())
    costs = frames.costs_frame(records)
    slopes = frames.slopes_frame(costs)

    items = _write_figures(out, costs, slopes, f"{source} Run {run}.")
    items += _write_growth(out, growth.counts_frame(records), f"{source} Run {run}.")
    items += _write_tables(out, records, costs, slopes, f"{source} Run {run}.")
    entries = bibliography(run, origin)
    index = {
        "run": run,
        "provenance": origin,
        "items": [_entry(item) for item in items],
    }
    extra = [
        write_text(
            out / "report.html",
            page(
                out,
                items,
                run=run,
                origin=origin,
                costs=costs,
                slopes=slopes,
                reservations=banners(origin, costs, frames.noise_frame(records)),
                bibtex=entries,
            ),
        ),
        write_text(out / "captions.md", _captions(items, source)),
        write_text(out / "references.bib", entries),
        write_json(out / "index.json", index),
    ]
    return [*extra, *(out / file for item in items for file in item.files)]


def _write_figures(out: Path, costs: pd.DataFrame, slopes: pd.DataFrame, source: str) -> list[Item]:
    items = []
    for name, quantity in FIGURES.items():
        for sweep in frames.SWEEPS:
            points = plots.plotted(costs, sweep, quantity)
            if not len(points):
                continue
            identifier = f"fig-{name}-{sweep}"
            caption = figure_caption(name, sweep, costs)
            draw = partial(plots.growth, costs, slopes, sweep, quantity)
            items.append(_write_figure(out, identifier, caption, points, draw, source))
    return items


def _write_growth(out: Path, counts: pd.DataFrame, source: str) -> list[Item]:
    items = []
    for growing in growth.DIRECTIONS:
        points = multiples.multiples(counts, growing)
        if len(points):
            caption, draw = multiples.caption(growing), partial(multiples.draw, points, growing)
            name = f"fig-multiple-{growing}"
            items.append(_write_figure(out, name, caption, points, draw, source))
    return items


def _write_figure(
    out: Path,
    identifier: str,
    caption: Caption,
    points: pd.DataFrame,
    draw: Callable[[str], Figure],
    source: str,
) -> Item:
    data = out / "figures" / f"{identifier}.csv"
    write_text(data, points.to_csv(index=False, lineterminator="\n"))
    written = [data]
    for size in SIZES:
        figure = draw(size)
        stem = identifier if size == "wide" else f"{identifier}-{size}"
        written += [
            save(
                figure, out / "figures" / f"{stem}.{kind}", title=identifier,
                caption=caption.full, source=source,
            )
            for kind in FORMATS[size]
        ]  # fmt: skip
    return _item(out, identifier, "figure", caption, written)


def _write_tables(
    out: Path,
    records: list[dict[str, Any]],
    costs: pd.DataFrame,
    slopes: pd.DataFrame,
    source: str,
) -> list[Item]:
    noise = frames.noise_frame(records)
    gaps = pd.concat([frames.gaps_frame(costs), growth.gaps_frame(records)], ignore_index=True)
    operations = frames.operations_frame(costs)
    laws = growth.laws_frame(growth.counts_frame(records))
    made = {
        "slopes": (slopes, tables.slopes_table(slopes)),
        "costs": (costs, tables.costs_table(costs)),
        "operations": (operations, tables.operations_table(operations)),
        "laws": (laws, growth.laws_table(laws)),
        "gaps": (gaps, tables.gaps_table(gaps)),
        "noise": (noise, tables.noise_table(noise)),
    }
    rows = read_json(out / ACCURACY)
    if rows is not None:
        accuracy = frames.accuracy_frame(rows)
        made["errors"] = (frames.errors_frame(accuracy), tables.errors_table(accuracy))
        made["accuracy"] = (accuracy, tables.accuracy_table(accuracy))
    items = []
    for name, (data, shown) in made.items():
        identifier = f"tab-{name}"
        caption = growth.LAWS if name == "laws" else TABLES[name]
        written = write_table(out / "tables", identifier, data, shown, caption, source)
        item = _item(out, identifier, "table", caption, written)
        item.shown = shown
        items.append(item)
    return items


def _item(out: Path, identifier: str, kind: str, caption: Caption, written: list[Path]) -> Item:
    files = [str(path.relative_to(out).as_posix()) for path in written]
    return Item(identifier, kind, caption, files[0], files)


def _entry(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "kind": item.kind,
        **item.caption.entry(),
        "data": item.data,
        "files": item.files,
    }


def _captions(items: list[Item], source: str) -> str:
    parts = [f"# Captions\n\n{source}\n"]
    parts += [f"## {item.id}\n\n**{item.caption.title}.** {item.caption.text}\n" for item in items]
    parts += ["## How it was measured\n", *(f"- {sentence}" for sentence in METHOD)]
    return "\n".join(parts) + "\n"
