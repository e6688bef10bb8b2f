"""Peak memory of the methods: its table, its figure against n, and how it grows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.figures import SIZES
from gradmethods.output.items import Item, Writer
from gradmethods.providers.registry import style_of
from gradmethods.report import frames, plots
from gradmethods.report.captions import FITS, SETTING, family_measured
from gradmethods.report.panel import plotted
from gradmethods.report.quantities import ITEMSIZE, MEMORY
from gradmethods.timing.fits import FEWEST_POINTS, fit_asymptote
from gradmethods.timing.sweeps import SWEEPS, size_of
from gradmethods.timing.trial import TRACED

PARTS = ("preparation", "gradient")

HOW = (
    "Peak of the bytes that Python and NumPy asked for, above what was in use before, traced in a "
    "pass of its own (tracemalloc): of one preparation, SymPy's cache emptied before it, and of "
    "one gradient after the first. What a method keeps from preparing, such as buffers and "
    "compiled programs, counts there and not again in a gradient."
)
UNTRACED = (
    "Tracing slows Python several times and long programs hundreds of times, so a case is traced "
    f"where that takes an estimated {TRACED:g} times the seconds of its rounds, or less, and the "
    "run has time for it"
)


def memory_frame(records: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row per measured case: peaks in bytes, and as multiples of the parameters' own bytes."""
    measured = [
        record
        for record in records
        if record.get("sweep") in SWEEPS and record.get("outcome") == "measured"
    ]
    names = ["sweep", "provider", "network", "scale", "n", "size", "outcome"]
    costs = frames.costs_frame(measured)[names]
    peaks = {(r["sweep"], r["provider"], size_of(r)[1]): r for r in measured}
    keys = zip(costs["sweep"], costs["provider"], costs["size"], strict=True)
    rows = [peaks[key] for key in keys]
    costs["parameter_bytes"] = ITEMSIZE * costs["n"]
    for part in PARTS:
        found = pd.array([row.get(f"{part}_bytes") for row in rows], dtype="Float64")
        costs[f"{part}_bytes"] = pd.Series(found, dtype="float64")
    for part in PARTS:
        own = costs["parameter_bytes"].astype(float)
        costs[f"{part}_multiple"] = costs[f"{part}_bytes"] / own
    return costs


def slopes_frame(memories: pd.DataFrame) -> pd.DataFrame:
    """Fit how the memory of a gradient grows with n, where enough sizes were traced.

    The columns are those of `gradmethods.report.frames.slopes_frame`; no theory is known, but that
    a gradient holds as much as the parameters.
    """
    rows = []
    traced = memories.dropna(subset=MEMORY.column)
    for (sweep, provider), group in traced.groupby(["sweep", "provider"], sort=False):
        row = {"sweep": sweep, "provider": provider, "quantity": MEMORY.column}
        row |= {"points": len(group)}
        size = group["size"].to_numpy(float)
        if np.unique(size).size >= FEWEST_POINTS:
            law = fit_asymptote(size, group[MEMORY.column].to_numpy(float))
            if law.end >= frames.LEAST_RANGE * law.start:
                names = ("exponent", "low", "high", "points", "settled", "constant")
                row |= {name: getattr(law, name) for name in names}
                row |= {"start": int(law.start), "end": int(law.end)}
        rows.append(row)
    columns = frames.slopes_frame(frames.costs_frame([])).columns
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({"start": "Int64", "end": "Int64", "points": "Int64"})


def memory_table(memories: pd.DataFrame) -> pd.DataFrame:
    """Write the peaks for readers."""
    return pd.DataFrame(
        [
            {
                "Sweep": row["sweep"],
                "Method": style_of(row["provider"]).label,
                "Problem": row["network"],
                "Size": f"{SWEEPS[row['sweep']].grows} = {fmt.count(row['size'])}",
                "Parameters": fmt.memory(row["parameter_bytes"]),
                **{part.capitalize(): _peak(row, part) for part in PARTS},
            }
            for row in memories.to_dict("records")
        ]
    )


def _peak(row: Mapping[Any, Any], part: str) -> str:
    size, multiple = row[f"{part}_bytes"], row[f"{part}_multiple"]
    return fmt.NONE if fmt.missing(size) else f"{fmt.memory(size)} ({fmt.significant(multiple)}×)"


TABLE = Caption(
    "Peak memory of preparing and of one gradient",
    f"In brackets as a multiple of the parameters' own bytes, {ITEMSIZE} each. {HOW} A "
    f"dash: not traced. {UNTRACED}.",
)


def figures(writer: Writer, memories: pd.DataFrame, slopes: pd.DataFrame) -> list[Item]:
    """Write the figure of memory against n, if there is anything to show."""
    points = plotted(memories, "width", MEMORY)
    if not len(points):
        return []
    text = (
        f"Peak memory of one gradient against the number of parameters n of "
        f"{family_measured('width', memories)}. "
        f"{HOW} Thin line: the bytes of the parameters alone, which a gradient has too. "
        f"A line ends with the method, or with what was traced. {UNTRACED}."
    )
    caption = Caption("Peak memory of one gradient against width", text, (SETTING, FITS))

    def draw(size: str) -> Figure:
        return plots.growth(memories, slopes, "width", MEMORY, size)

    return [writer.figure("fig-memory-width", caption, points, draw, sizes=tuple(SIZES))]
